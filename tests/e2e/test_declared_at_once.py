# SPDX-License-Identifier: Apache-2.0
"""Two who apply the same documents at once make each template once (docs/declared.md §4)."""
from concurrent.futures import ThreadPoolExecutor

from command import CHANCERY, run, with_certificate
from terminal import Terminal
from test_declared import REFUSED, _own, authority_options, template, world  # noqa: F401  pylint: disable=unused-import


def names(own):
    return sorted(t.names[0].text for t in own.templates())


def test_at_once(own):
    """Whatever meets what."""
    text = "".join(template(f"T{i}", archived=i == 3) for i in range(6))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: own.apply(text), range(4)))
    assert names(own) == [f"T{i}" for i in range(6)] and [t.archived for t in own.templates()].count(True) == 1


def planned(own, tmp_path, text):
    """Somebody whose plan is made, and who is asked whether to remove Gone."""
    own.apply(template("Gone"))
    path = tmp_path / "d.yaml"
    path.write_text(text)
    terminal = Terminal(CHANCERY, "apply", "--profile", f"{own.world.a.folder}/{own.name}.yaml", "-f", str(path), "--prune")
    terminal.read_until(b"type yes")
    return terminal


def test_made_after_the_plan(own, tmp_path):
    terminal = planned(own, tmp_path, template("Mine"))
    own.apply(template("Mine"))
    terminal.type(b"yes\n")
    said, code = terminal.finish()
    assert code == 0 and "made Template Mine" in said and names(own) == ["Mine"]


def test_made_after_the_plan_by_another_admin(own, tmp_path):
    with_certificate(own.world, f"{own.name}-two", own.tenant.second_admin)
    terminal = planned(own, tmp_path, template("Mine"))
    run(own.world, "apply", f"{own.name}-two", "-f", "-", input=template("Mine"))
    terminal.type(b"yes\n")
    said, code = terminal.finish()
    assert code == REFUSED and "REQUEST_ID_REUSED" in said and "apply" in said and names(own) == ["Gone", "Mine"]
    own.run("apply", "-f", str(tmp_path / "d.yaml"), "--prune", "--yes")
    assert names(own) == ["Mine"]


def test_made_again(own):
    """After it was removed, by another admin too, and after it got another name."""
    with_certificate(own.world, f"{own.name}-two", own.tenant.second_admin)
    for who in (own.name, f"{own.name}-two", own.name):
        assert "made Template Mine" in run(own.world, "apply", who, "-f", "-", input=template("Mine")).stdout
        (made,) = own.templates()
        own.call("TemplateService/DeleteTemplate", {"template_id": made.template_id})
    own.apply(template("Mine"))
    (made,) = own.templates()
    own.call("TemplateService/UpdateTemplate", {"template": {
        "template_id": made.template_id, "names": [{"language": "en", "text": "Theirs"}]}, "update_mask": {"paths": ["names"]}})
    own.apply(template("Mine"))
    assert names(own) == ["Mine", "Theirs"]


def test_many_made_again(own):
    """Of each only as many ids of requests are tried as were used: whoever declares one of them by itself means the same."""
    text = "".join(template(f"T{i}") for i in range(8))
    own.apply(text)
    for one in own.templates():
        if one.names[0].text not in ("T3", "T7"):
            own.call("TemplateService/DeleteTemplate", {"template_id": one.template_id})
    own.apply("".join(template(f"T{i}") for i in (1, 2)))
    for one in own.templates():
        own.call("TemplateService/DeleteTemplate", {"template_id": one.template_id})
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(own.apply, (text + template("New"), template("New"))))
    assert names(own) == sorted([f"T{i}" for i in range(8)] + ["New"])
    for one in own.templates():
        if one.names[0].text == "New":
            own.call("TemplateService/DeleteTemplate", {"template_id": one.template_id})
    own.apply(text + template("New"))
    assert names(own) == sorted([f"T{i}" for i in range(8)] + ["New"])


def test_one_that_has_another_name_takes_no_other_along(own):
    """What is new beside it has its first id: made at once by itself it is the same."""
    own.apply(template("Mine"))
    (made,) = own.templates()
    own.call("TemplateService/UpdateTemplate", {"template": {
        "template_id": made.template_id, "names": [{"language": "en", "text": "Theirs"}]}, "update_mask": {"paths": ["names"]}})
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(own.apply, (template("Mine") + template("New"), template("New"))))
    assert names(own) == ["Mine", "New", "Theirs"]
