/* SPDX-License-Identifier: Apache-2.0 */
#include "wrapper/sentences.h"

const struct sentences SENTENCES[SENTENCES_COUNT] = {
    {
        .language = "en",
        .title = "Protected message",
        .sent = "{sender} has sent you a protected message.",
        .subject_label = "Subject:",
        .button = "Read the message",
        .portal_hint = "You are asked to sign in first, so that nobody but you reads it.",
        .address_hint = "If the button does nothing, copy this address into your browser:",
        .program_hint = "A mail program that knows Chancery opens the message by itself. It is in "
                        "the attachment message.p7m, encrypted.",
        .caution = "You don't expect anything from this sender? Then ask them before you open it, "
                   "but not by answering this mail.",
        .privacy_label = "Privacy statement",
        .expiry = "You can read it there until {day} (UTC).",
    },
    {
        .language = "de",
        .title = "Geschützte Nachricht",
        .sent = "{sender} hat Ihnen eine geschützte Nachricht gesendet.",
        .subject_label = "Betreff:",
        .button = "Nachricht lesen",
        .portal_hint = "Sie melden sich dort zuerst an, damit nur Sie die Nachricht lesen.",
        .address_hint = "Falls die Schaltfläche nichts tut, kopieren Sie diese Adresse in Ihren "
                        "Browser:",
        .program_hint =
            "Ein Mailprogramm, das Chancery kennt, öffnet die Nachricht von selbst. Sie "
            "steht verschlüsselt im Anhang message.p7m.",
        .caution = "Sie erwarten nichts von diesem Absender? Dann fragen Sie dort nach, bevor Sie "
                   "die Nachricht öffnen, aber nicht mit einer Antwort auf diese Mail.",
        .privacy_label = "Datenschutzerklärung",
        .expiry = "Sie können sie dort bis {day} (UTC) lesen.",
    },
    {
        .language = "fr",
        .title = "Message protégé",
        .sent = "{sender} vous a envoyé un message protégé.",
        .subject_label = "Objet :",
        .button = "Lire le message",
        .portal_hint = "Vous devrez d’abord vous identifier, afin que vous soyez la seule personne "
                       "à le lire.",
        .address_hint = "Si le bouton ne fonctionne pas, copiez cette adresse dans votre "
                        "navigateur :",
        .program_hint = "Un logiciel de messagerie compatible avec Chancery ouvre le message de "
                        "lui-même. Il se trouve, chiffré, dans la pièce jointe message.p7m.",
        .caution = "Vous n’attendez rien de cet expéditeur ? Contactez-le avant d’ouvrir le "
                   "message, mais sans répondre à ce courriel.",
        .privacy_label = "Déclaration de confidentialité",
        .expiry = "Vous pouvez l’y lire jusqu’au {day} (UTC).",
    },
    {
        .language = "es",
        .title = "Mensaje protegido",
        .sent = "{sender} le ha enviado un mensaje protegido.",
        .subject_label = "Asunto:",
        .button = "Leer el mensaje",
        .portal_hint = "Primero se le pedirá que se identifique, para que solo usted lo lea.",
        .address_hint = "Si el botón no funciona, copie esta dirección en su navegador:",
        .program_hint = "Un programa de correo compatible con Chancery abre el mensaje por sí "
                        "mismo. Está cifrado en el archivo adjunto message.p7m.",
        .caution = "¿No espera nada de este remitente? Pregúntele antes de abrir el mensaje, pero "
                   "no respondiendo a este correo.",
        .privacy_label = "Declaración de privacidad",
        .expiry = "Puede leerlo allí hasta el {day} (UTC).",
    },
    {
        .language = "it",
        .title = "Messaggio protetto",
        .sent = "{sender} le ha inviato un messaggio protetto.",
        .subject_label = "Oggetto:",
        .button = "Leggi il messaggio",
        .portal_hint = "Prima le verrà chiesto di identificarsi, in modo che solo lei possa "
                       "leggerlo.",
        .address_hint = "Se il pulsante non funziona, copi questo indirizzo nel browser:",
        .program_hint = "Un programma di posta compatibile con Chancery apre il messaggio da solo. "
                        "Si trova, cifrato, nell’allegato message.p7m.",
        .caution = "Non si aspetta nulla da questo mittente? Lo contatti prima di aprire il "
                   "messaggio, ma non rispondendo a questa mail.",
        .privacy_label = "Informativa sulla privacy",
        .expiry = "Può leggerlo lì fino al {day} (UTC).",
    },
    {
        .language = "nl",
        .title = "Beveiligd bericht",
        .sent = "{sender} heeft u een beveiligd bericht gestuurd.",
        .subject_label = "Onderwerp:",
        .button = "Bericht lezen",
        .portal_hint = "U meldt zich daar eerst aan, zodat alleen u het bericht leest.",
        .address_hint = "Doet de knop niets? Kopieer dan dit adres naar uw browser:",
        .program_hint = "Een mailprogramma dat Chancery kent, opent het bericht vanzelf. Het staat "
                        "versleuteld in de bijlage message.p7m.",
        .caution = "Verwacht u niets van deze afzender? Vraag het dan eerst na, maar niet door "
                   "deze mail te beantwoorden.",
        .privacy_label = "Privacyverklaring",
        .expiry = "U kunt het daar lezen tot {day} (UTC).",
    },
    {
        .language = "ar",
        .is_right_to_left = true,
        .title = "رسالة محمية",
        .sent = "أرسل إليك {sender} رسالة محمية.",
        .subject_label = "الموضوع:",
        .button = "قراءة الرسالة",
        .portal_hint = "سيُطلب منك تسجيل الدخول أولًا حتى لا يقرأ الرسالة أحد غيرك.",
        .address_hint = "إذا لم يعمل الزر، فانسخ هذا العنوان إلى متصفحك:",
        .program_hint = "يفتح برنامج البريد الذي يدعم Chancery الرسالة تلقائيًا. وهي مشفرة في "
                        "المرفق message.p7m.",
        .caution = "ألا تتوقع شيئًا من هذا المرسل؟ فاسأله قبل فتح الرسالة، ولكن ليس بالرد على هذا "
                   "البريد.",
        .privacy_label = "بيان الخصوصية",
        .expiry = "يمكنك قراءتها هناك حتى {day} (UTC).",
    },
};
