/* SPDX-License-Identifier: Apache-2.0 */
#include "texts.h"

#include <chancery/error.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>

/* To add a language: a column here, a tag below. */
static const char *const texts[TEXT_COUNT][LANGUAGE_COUNT] = {
    [T_SKIP] = {"Skip to content", "Zum Inhalt springen"},
    [T_LANGUAGE] = {"Language", "Sprache"},
    [T_START_TITLE] = {"Open a protected message", "Geschützte Nachricht öffnen"},
    [T_START_INTRO] =
        {"You have got a mail whose content is protected. Give it to this page, show who you are, and "
         "read it here.",
         "Sie haben eine Mail erhalten, deren Inhalt geschützt ist. Geben Sie sie dieser Seite, weisen "
         "Sie sich aus und lesen Sie sie hier."},
    [T_START_HOW] = {"How it works", "So geht es"},
    [T_START_STEP_MAIL] =
        {"Save the mail as a file: “Download message” or “Save as” in your mail program.",
         "Speichern Sie die Mail als Datei: „Nachricht herunterladen“ oder „Speichern unter“ in "
         "Ihrem Mailprogramm."},
    [T_START_STEP_PARTS] =
        {"If your program can't do that, as on a phone, save both attachments of the mail instead, "
         "and choose both here.",
         "Kann Ihr Programm das nicht, etwa auf dem Telefon, dann speichern Sie die beiden Anhänge "
         "der Mail und wählen Sie hier beide aus."},
    [T_START_STEP_SIGN_IN] = {"Then sign in, or have a code mailed to you.",
                              "Danach melden Sie sich an oder lassen sich einen Code mailen."},
    [T_FILE_LABEL] = {"The mail, or its two attachments", "Die Mail oder ihre beiden Anhänge"},
    [T_FILE_HINT] = {"At most %s.", "Höchstens %s."},
    [T_FILE_BUTTON] = {"Continue", "Weiter"},
    [T_KEPT] =
        {"Nothing is stored: when you leave, the message is gone from here. Your mail keeps it.",
         "Nichts wird gespeichert: Wenn Sie gehen, ist die Nachricht hier weg. In Ihrer Mail bleibt sie."},
    [T_PRIVACY] = {"Privacy statement", "Datenschutzerklärung"},
    [T_SIGN_IN_TITLE] = {"Who are you?", "Wer sind Sie?"},
    [T_SIGN_IN_INTRO] = {"The message opens for the people to whom it was sent.",
                         "Die Nachricht öffnet sich für die Personen, an die sie gesendet wurde."},
    [T_SIGN_IN_WITH] = {"Sign in with %s", "Anmelden mit %s"},
    [T_OR_PASSCODE] = {"Get a code by mail", "Einen Code per Mail erhalten"},
    [T_ADDRESS_LABEL] = {"Your mail address", "Ihre Mailadresse"},
    [T_ADDRESS_HINT] = {"The one to which the message was sent.",
                        "Die, an die die Nachricht gesendet wurde."},
    [T_ADDRESS_BUTTON] = {"Mail me a code", "Code zusenden"},
    [T_CODE_TITLE] = {"Enter your code", "Code eingeben"},
    [T_CODE_SENT] =
        {"If the message was sent to %s, a mail with a code is on its way there.",
         "Wenn die Nachricht an %s gesendet wurde, ist eine Mail mit einem Code dorthin unterwegs."},
    [T_CODE_REFERENCE] = {"Reference", "Kennung"},
    [T_CODE_REFERENCE_HINT] =
        {"The mail must show the same reference. Otherwise its code is not for this page.",
         "Die Mail muss dieselbe Kennung zeigen. Sonst ist ihr Code nicht für diese Seite."},
    [T_CODE_LABEL] = {"Code from the mail", "Code aus der Mail"},
    [T_CODE_HINT] = {"8 digits. It counts for 15 minutes.", "8 Ziffern. Er gilt 15 Minuten."},
    [T_CODE_BUTTON] = {"Read the message", "Nachricht lesen"},
    [T_CODE_AGAIN] = {"No mail? Use another address or get another code",
                      "Keine Mail? Andere Adresse angeben oder neuen Code holen"},
    [T_MESSAGE_TITLE] = {"Message", "Nachricht"},
    [T_FROM] = {"From", "Von"},
    [T_TO] = {"To", "An"},
    [T_CC] = {"Cc", "Kopie"},
    [T_DATE] = {"Date", "Datum"},
    [T_MESSAGE_FRAME] = {"Text of the message", "Text der Nachricht"},
    [T_MESSAGE_ALONE] = {"Show the text by itself", "Nur den Text anzeigen"},
    [T_MESSAGE_CUT] = {"Not all of this message can be shown here, because of how it is built.",
                       "Diese Nachricht lässt sich wegen ihres Aufbaus hier nicht ganz anzeigen."},
    [T_PICTURES_BLOCKED] =
        {"Pictures from other servers are not loaded: they would tell the sender when and where you "
         "read this.",
         "Bilder von anderen Servern werden nicht geladen: Sie würden dem Absender verraten, wann "
         "und wo Sie dies lesen."},
    [T_PICTURES_SHOW] = {"Load pictures", "Bilder laden"},
    [T_PICTURES_SHOWN] = {"Pictures from other servers are loaded.",
                          "Bilder von anderen Servern werden geladen."},
    [T_PICTURES_HIDE] = {"Don't load pictures", "Bilder nicht laden"},
    [T_ATTACHMENTS] = {"Attachments", "Anhänge"},
    [T_ATTACHMENT_SHOW] = {"Show", "Anzeigen"},
    [T_ATTACHMENT_SAVE] = {"Save", "Speichern"},
    [T_ATTACHMENT_NEITHER] = {"Can be opened only by a program that keeps the protection.",
                              "Lässt sich nur mit einem Programm öffnen, das den Schutz wahrt."},
    [T_PDF_PAGE] = {"Page", "Seite"},
    [T_PDF_TEXT] = {"This page as text", "Diese Seite als Text"},
    [T_PDF_CUT] = {"Only the first pages of this document are shown here.",
                   "Hier werden nur die ersten Seiten dieses Dokuments angezeigt."},
    [T_PDF_UNREADABLE] = {"This document can't be shown here: it is damaged, or takes too much.",
                          "Dieses Dokument lässt sich hier nicht anzeigen: Es ist beschädigt "
                          "oder zu aufwendig."},
    [T_PDF_LOCKED] = {"This document can't be shown here: it needs a password.",
                      "Dieses Dokument lässt sich hier nicht anzeigen: Es braucht ein Kennwort."},
    [T_PDF_BUSY] = {"Too many documents are opened at this moment. Try again in a minute.",
                    "Im Augenblick werden zu viele Dokumente geöffnet. Versuchen Sie es in einer "
                    "Minute wieder."},
    [T_PDF_NOT_NOW] = {"This document can't be shown here at this moment.",
                       "Dieses Dokument lässt sich hier im Augenblick nicht anzeigen."},
    [T_RIGHTS] = {"What you may do", "Was Sie dürfen"},
    [T_MAY_PRINT] = {"Print", "Drucken"},
    [T_MAY_NOT_PRINT] = {"Not print", "Nicht drucken"},
    [T_MAY_COPY] = {"Copy text", "Text kopieren"},
    [T_MAY_NOT_COPY] = {"Not copy text", "Text nicht kopieren"},
    [T_MAY_FORWARD] = {"Forward", "Weiterleiten"},
    [T_MAY_NOT_FORWARD] = {"Not forward", "Nicht weiterleiten"},
    [T_MAY_SAVE] = {"Save attachments without protection", "Anhänge ohne Schutz speichern"},
    [T_MAY_NOT_SAVE] = {"Not save attachments without protection",
                        "Anhänge nicht ohne Schutz speichern"},
    [T_READ_UNTIL] =
        {"Opened until %s (UTC); then the page asks again whether you may read it.",
         "Geöffnet bis %s (UTC); danach fragt die Seite erneut, ob Sie sie lesen dürfen."},
    [T_REPLY] = {"Reply", "Antworten"},
    [T_REPLY_ALL] = {"Reply to all", "Allen antworten"},
    [T_FORWARD] = {"Forward", "Weiterleiten"},
    [T_REPLY_INTRO] =
        {"Your reply is protected like the message. Only its sender can open it.",
         "Ihre Antwort wird geschützt wie die Nachricht. Nur der Absender kann sie öffnen."},
    [T_ANSWER_INTRO] =
        {"What you send is protected like the message, and opens for its people and for those whom you "
         "may add. To whom it goes stands in the message; blind copies don't.",
         "Was Sie senden, wird geschützt wie die Nachricht und öffnet sich für deren Personen und für die, "
         "die Sie hinzufügen dürfen. An wen es geht, steht in der Nachricht; Blindkopien stehen dort nicht."},
    [T_ANSWER_LABEL] = {"Your text", "Ihr Text"},
    [T_ANSWER_HINT] = {"Text only. The subject is not protected.",
                       "Nur Text. Der Betreff ist nicht geschützt."},
    [T_ANSWER_QUOTE] = {"Add the text of the message, without attachments",
                        "Den Text der Nachricht anfügen, ohne Anhänge"},
    [T_ANSWER_BUTTON] = {"Send protected", "Geschützt senden"},
    [T_ANSWER_VIA] = {"via", "über"},
    [T_FORWARD_LABEL] = {"To", "An"},
    [T_FORWARD_HINT] = {"Mail addresses, with commas between them; at most 50.",
                        "Mailadressen, durch Kommas getrennt; höchstens 50."},
    [T_SENT_TITLE] = {"Sent", "Gesendet"},
    [T_SENT_TEXT] = {"Your text was protected and is on its way to:",
                     "Ihr Text wurde geschützt und ist unterwegs an:"},
    [T_NOT_SENT_TO] =
        {"Not sent to %s: the sender's organization can't protect anything for this address.",
         "Nicht an %s gesendet: Für diese Adresse kann die Organisation des Absenders nichts schützen."},
    [T_BACK_TO_MESSAGE] = {"Back to the message", "Zurück zur Nachricht"},
    [T_NOT_PRINTED] = {"The sender does not let you print this message.",
                       "Der Absender erlaubt Ihnen nicht, diese Nachricht zu drucken."},
    [T_END_BUTTON] = {"Close the message", "Nachricht schließen"},
    [T_ENDED_TITLE] = {"Closed", "Geschlossen"},
    [T_ENDED_TEXT] = {"The message is gone from here. You may close this window.",
                      "Die Nachricht ist hier weg. Sie können dieses Fenster schließen."},
    [T_PROBLEM_TITLE] = {"That did not work", "Das hat nicht geklappt"},
    [T_WHAT_NEXT] = {"What now?", "Wie weiter?"},
    [T_START_AGAIN] = {"Start again", "Von vorn beginnen"},
    [T_BACK_TO_SIGN_IN] = {"Sign in again", "Erneut anmelden"},
    [T_WRITTEN] = {"What you wrote was not sent. Copy it from here:",
                   "Was Sie geschrieben haben, wurde nicht gesendet. Kopieren Sie es von hier:"},
    [T_CONTACT] = {"You can ask: %s", "Fragen können Sie: %s"},
    [T_CALL_NUMBER] = {"Number for the operator: %s", "Nummer für den Betreiber: %s"},
    [P_NO_FILE] = {"No file was chosen. Choose the mail, or its two attachments.",
                   "Es wurde keine Datei gewählt. Wählen Sie die Mail oder ihre beiden Anhänge."},
    [P_TOO_LARGE] = {"What was sent is larger than this page takes.",
                     "Die Sendung ist größer, als diese Seite annimmt."},
    [P_NOT_PROTECTED] =
        {"There is no protected message in this file. Choose the whole mail, or both of its attachments.",
         "In dieser Datei ist keine geschützte Nachricht. Wählen Sie die ganze Mail oder ihre beiden "
         "Anhänge."},
    [P_DAMAGED] =
        {"The file is damaged: it was changed on its way. Save the mail once more, or ask the sender to send "
         "it again.",
         "Die Datei ist beschädigt: Sie wurde unterwegs verändert. Speichern Sie die Mail noch einmal oder "
         "bitten Sie den Absender, sie erneut zu senden."},
    [P_NOT_READABLE] =
        {"This message can't be shown: it is no mail, or has too many parts or lines. Ask the sender to send "
         "it in another form.",
         "Diese Nachricht lässt sich nicht anzeigen: Sie ist keine Mail oder hat zu viele Teile oder Zeilen. "
         "Bitten Sie den Absender, sie in anderer Form zu senden."},
    [P_OTHER_MESSAGE] =
        {"This file is another message than the one whose link you have followed. Choose that mail.",
         "Diese Datei ist eine andere Nachricht als die, deren Link Sie gefolgt sind. Wählen Sie jene "
         "Mail."},
    [P_FOREIGN] =
        {"This message was not protected by the organization that this page belongs to.",
         "Diese Nachricht wurde nicht von der Organisation geschützt, zu der diese Seite gehört."},
    [P_NO_ADDRESS] = {"This is no mail address. It looks like name@example.org.",
                      "Das ist keine Mailadresse. Sie sieht aus wie name@example.org."},
    [P_CODE_WRONG] =
        {"The code is wrong. Look at it again; you have a few tries.",
         "Der Code ist falsch. Sehen Sie noch einmal nach; Sie haben einige Versuche."},
    [P_CODE_ENDED] =
        {"The code has expired, was used already, or was tried too often. Get another one.",
         "Der Code ist abgelaufen, schon benutzt oder zu oft versucht worden. Holen Sie einen neuen."},
    [P_CODE_LIMIT] =
        {"Too many codes were asked for. Try again in an hour.",
         "Es wurden zu viele Codes angefordert. Versuchen Sie es in einer Stunde wieder."},
    [P_CODE_OFF] = {"The sender's organization does not let readers sign in by a code.",
                    "Die Organisation des Absenders lässt die Anmeldung mit einem Code nicht zu."},
    [P_CODE_SIGN_IN] =
        {"For this address there are no codes: its organization has accounts to sign in with.",
         "Für diese Adresse gibt es keine Codes: Ihre Organisation hat Konten zum Anmelden."},
    [P_CODE_UNAVAILABLE] =
        {"No codes can be mailed now. Try again later.",
         "Zurzeit können keine Codes gesendet werden. Versuchen Sie es später wieder."},
    [P_SIGN_IN_FAILED] =
        {"Signing in was not completed. Begin it anew on this page.",
         "Die Anmeldung wurde nicht abgeschlossen. Beginnen Sie sie auf dieser Seite neu."},
    [P_SIGN_IN_REFUSED] =
        {"The sender's organization does not accept this kind of account. Sign in another way.",
         "Die Organisation des Absenders nimmt diese Art von Konto nicht an. Melden Sie sich anders an."},
    [P_SIGN_IN_AGAIN] =
        {"You are no longer signed in, or your account is not known here. Sign in again.",
         "Sie sind nicht mehr angemeldet, oder Ihr Konto ist hier nicht bekannt. Melden Sie sich erneut "
         "an."},
    [P_PROVIDER_AWAY] =
        {"Your account's sign-in does not answer. Try again later, or sign in another way.",
         "Die Anmeldung Ihres Kontos antwortet nicht. Versuchen Sie es später oder auf anderem Weg."},
    [P_REVOKED] =
        {"The sender has revoked this message. It can't be read any more.",
         "Der Absender hat diese Nachricht zurückgezogen. Sie kann nicht mehr gelesen werden."},
    [P_EXPIRED] = {"The time in which this message could be read is over.",
                   "Die Zeit, in der diese Nachricht gelesen werden konnte, ist vorbei."},
    [P_NO_RIGHTS] =
        {"This message does not open for the account that you have signed in with. Perhaps it was sent to "
         "another address of yours.",
         "Diese Nachricht öffnet sich nicht für das Konto, mit dem Sie angemeldet sind. Vielleicht wurde "
         "sie an eine andere Adresse von Ihnen gesendet."},
    [P_BLOCKED] =
        {"The sender's organization does not let this message be read from outside.",
         "Die Organisation des Absenders lässt nicht zu, dass diese Nachricht von außen gelesen wird."},
    [P_OTHER_PORTAL] =
        {"This message is read at another page. Follow the link in the mail.",
         "Diese Nachricht wird auf einer anderen Seite gelesen. Folgen Sie dem Link in der Mail."},
    [P_TENANT_DISABLED] =
        {"The sender's organization does not take part at present. Ask the sender.",
         "Die Organisation des Absenders nimmt zurzeit nicht teil. Fragen Sie den Absender."},
    [P_KEY_GONE] =
        {"The sender's organization has withdrawn the key of this message. It can't be read any more.",
         "Die Organisation des Absenders hat den Schlüssel dieser Nachricht eingezogen. Sie kann nicht mehr "
         "gelesen werden."},
    [P_MAY_NOT_SAVE] = {"The sender does not let you save attachments without protection.",
                        "Der Absender erlaubt Ihnen nicht, Anhänge ohne Schutz zu speichern."},
    [P_MAY_NOT_ANSWER] = {"The sender does not let you answer this message in this way.",
                          "Der Absender erlaubt Ihnen nicht, auf diese Nachricht so zu antworten."},
    [P_ANSWER_EMPTY] = {"There is no text yet.", "Es steht noch kein Text da."},
    [P_ANSWER_TOO_LONG] = {"The text is too long.", "Der Text ist zu lang."},
    [P_ANSWER_TWICE] =
        {"This was sent already, or is on its way. To write something else, go back to the message.",
         "Dies wurde schon gesendet oder ist unterwegs. Um etwas anderes zu schreiben, gehen Sie zur "
         "Nachricht zurück."},
    [P_ANSWER_LIMIT] =
        {"Too many answers to this message within an hour. Try again later.",
         "Zu viele Antworten auf diese Nachricht in einer Stunde. Versuchen Sie es später "
         "wieder."},
    [P_NO_RECIPIENT] =
        {"There is no address to which it can be sent, or one is wrong. They look like name@example.org.",
         "Es ist keine Adresse da, an die gesendet werden kann, oder eine ist falsch. Sie sehen aus wie "
         "name@example.org."},
    [P_TOO_MANY_PEOPLE] = {"These are too many people.", "Das sind zu viele Personen."},
    [P_RELAY_AWAY] =
        {"It could not be sent: the mail server does not answer. Your text is still here; try again in a few "
         "minutes.",
         "Es konnte nicht gesendet werden: Der Mailserver antwortet nicht. Ihr Text steht noch hier; "
         "versuchen Sie es in einigen Minuten wieder."},
    [P_RELAY_REFUSES] =
        {"It was sent to nobody: the mail server does not take it, perhaps because of one of the addresses.",
         "Es wurde an niemanden gesendet: Der Mailserver nimmt es nicht an, vielleicht wegen einer der "
         "Adressen."},
    [P_LATER] =
        {"It can't be decided now whether you may read this. Try again in a few minutes.",
         "Es lässt sich gerade nicht entscheiden, ob Sie dies lesen dürfen. Versuchen Sie es in einigen Minuten "
         "wieder."},
    [P_BUSY] =
        {"Too many people are reading at this moment. Try again in a few minutes.",
         "Im Augenblick lesen zu viele Personen. Versuchen Sie es in einigen Minuten wieder."},
    [P_SESSION_OVER] =
        {"This page was open for too long, so the message was closed. Choose the mail again.",
         "Diese Seite war zu lange offen, darum wurde die Nachricht geschlossen. Wählen Sie die Mail "
         "erneut."},
    [P_NOT_FROM_HERE] =
        {"This was not sent from this page. Open the page anew and try again.",
         "Dies wurde nicht von dieser Seite gesendet. Öffnen Sie die Seite neu und versuchen Sie es "
         "wieder."},
    [P_NOT_FOUND] = {"There is no such page.", "Diese Seite gibt es nicht."},
    [P_FAULT] =
        {"Something went wrong here. Try again; if it stays, tell the operator.",
         "Hier ist etwas schiefgegangen. Versuchen Sie es wieder; bleibt es dabei, sagen Sie es dem Betreiber."},
};

static const char *const tags[LANGUAGE_COUNT] = {"en", "de"};

const char *say(enum language language, enum text text)
{
    return texts[text][language];
}

const char *language_tag(enum language language)
{
    return tags[language];
}

enum language language_of(const char *accepted)
{
    while (accepted != NULL && *accepted != '\0') {
        accepted += strspn(accepted, ", ");
        for (int i = 0; i < LANGUAGE_COUNT; i++) {
            bool is_one =
                g_ascii_strncasecmp(accepted, tags[i], 2) == 0 && !g_ascii_isalnum(accepted[2]);
            if (is_one) {
                return (enum language)i;
            }
        }
        accepted = strchr(accepted, ',');
    }
    return ENGLISH;
}

/* EXCLUDED is told like a missing right: whom a tenant keeps out is its own business. */
enum text problem_of(const char *reason, int code)
{
    static const struct {
        const char *reason;
        enum text problem;
    } known[] = {{"INPUT_NOT_PROTECTED", P_NOT_PROTECTED},
                 {"INPUT_INVALID", P_NOT_PROTECTED},
                 {"INPUT_DAMAGED", P_DAMAGED},
                 {"LICENSE_MALFORMED", P_DAMAGED},
                 {"LICENSE_FORGED", P_FOREIGN},
                 {"LICENSE_FOREIGN", P_FOREIGN},
                 {"WRONG_BOUNDARY", P_OTHER_PORTAL},
                 {"FIPS_REQUIRED", P_OTHER_PORTAL},
                 {"PORTAL_REQUIRED", P_OTHER_PORTAL},
                 {"BOUNDARY_BLOCKED", P_BLOCKED},
                 {"PARTNER_DENIED", P_BLOCKED},
                 {"FIELD_INVALID", P_NO_ADDRESS},
                 {"PASSCODE_WRONG", P_CODE_WRONG},
                 {"PASSCODE_ENDED", P_CODE_ENDED},
                 {"PASSCODE_LIMIT", P_CODE_LIMIT},
                 {"PASSCODE_SIGN_IN", P_CODE_SIGN_IN},
                 {"PASSCODES_OFF", P_CODE_OFF},
                 {"PASSCODES_UNAVAILABLE", P_CODE_UNAVAILABLE},
                 {"PASSCODE_QUEUE_FULL", P_CODE_UNAVAILABLE},
                 {"PASSCODE_CONTENT", P_SIGN_IN_AGAIN},
                 {"SIGN_IN_REFUSED", P_SIGN_IN_REFUSED},
                 {"REVOKED", P_REVOKED},
                 {"EXPIRED", P_EXPIRED},
                 {"NO_RIGHTS", P_NO_RIGHTS},
                 {"EXCLUDED", P_NO_RIGHTS},
                 {"RIGHT_MISSING", P_MAY_NOT_SAVE},
                 {"RIGHTS_EXCEEDED", P_MAY_NOT_ANSWER},
                 {"ANSWER_LIMIT", P_ANSWER_LIMIT},
                 {"LIMIT_EXCEEDED", P_TOO_MANY_PEOPLE},
                 {"TENANT_DISABLED", P_TENANT_DISABLED},
                 {"KEY_REVOKED", P_KEY_GONE},
                 {"KEY_DESTROYED", P_KEY_GONE},
                 {"AUTHORITY_UNREACHABLE", P_LATER},
                 {"CALL_CANCELED", P_LATER}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].reason, reason) == 0) {
            return known[i].problem;
        }
    }
    if (g_str_has_prefix(reason, "TOKEN_")) {
        return P_SIGN_IN_AGAIN;
    }
    bool is_passing = code == CHANCERY_CODE_UNAVAILABLE ||
                      code == CHANCERY_CODE_DEADLINE_EXCEEDED ||
                      code == CHANCERY_CODE_RESOURCE_EXHAUSTED || code == CHANCERY_CODE_CANCELLED;
    return is_passing ? P_LATER : P_FAULT;
}
