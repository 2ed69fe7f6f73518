# SPDX-License-Identifier: Apache-2.0
"""A language that no text of a template has by these very letters, or by fewer of them, was answered in English: whoever
asked for zh-TW didn't get what is written for zh-Hant."""
import pytest

WRITTEN = ["en", "zh", "zh-Hant", "pt", "pt-PT", "es-419", "fr-FR"]


@pytest.mark.parametrize(("wanted", "read"), [
    ("zh-TW", "zh-Hant"), ("zh-HK", "zh-Hant"), ("zh-CN", "zh"), ("pt-BR", "pt"), ("pt-AO", "pt-PT"), ("es-MX", "es-419"),
    ("fr", "fr-FR"), ("fr-CH", "fr-FR"), ("EN-gb", "en"), ("de", "en"), ("", "en")])
def test_language_of_a_region_was_answered_in_english(world, wanted, read):
    texts = [{"language": language, "text": f"in {language}"} for language in WRITTEN]
    template = world.template(names=texts, descriptions=texts)
    listed = world.call("PublishingService/ListAvailableTemplates", {"language": wanted}, token=world.alice).templates
    mine = next(one for one in listed if one.template_id == template.template_id)
    assert mine.name == mine.description == f"in {read}"
