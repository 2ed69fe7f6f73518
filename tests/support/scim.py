# SPDX-License-Identifier: Apache-2.0
"""An identity provider that speaks SCIM to an authority, as HTTP and by a token of the directory."""
import json
import urllib.parse

from http_calls import fetch

CORE = "urn:ietf:params:scim:schemas:core:2.0:"
USER, GROUP = CORE + "User", CORE + "Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
EXTENSION = "urn:ietf:params:scim:schemas:extension:chancery:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def token_of(world, tenant=None, name=None, **more):
    """A new token of a tenant's directory, and its id."""
    made = world.call("DirectoryService/CreateDirectoryToken", {"name": name or world.unique("idp-"), **more},
                      (tenant or world.contoso).admin)
    return made.secret, made.token.token_id


class Provider:
    def __init__(self, world, token, version="--http1.1", media="application/scim+json"):
        self.w, self.token, self.version, self.media = world, token, version, media

    def ask(self, verb, path, body=None, if_match=None, media=None):
        headers = [f"authorization: Bearer {self.token}"] if self.token else []
        headers += [f"content-type: {media or self.media}"] if body is not None else []
        headers += [f"if-match: {if_match}"] if if_match else []
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        return fetch(self.w, self.version, f"/scim/v2{path}", *headers, body=data, method=verb)

    def get(self, path, **query):
        return self.ask("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""))

    def find(self, kind, text, **query):
        """The resources that meet a filter."""
        answer = self.get(f"/{kind}", filter=text, **query)
        assert answer.status == 200, answer
        found = answer.json()
        assert found["schemas"] == [LIST] and found["totalResults"] == len(found["Resources"])
        return found["Resources"]

    def make(self, kind, **fields):
        schema = USER if kind == "Users" else GROUP
        answer = self.ask("POST", f"/{kind}", {"schemas": [schema], **fields})
        assert answer.status == 201, answer
        return answer.json()

    def patch(self, path, *operations, status=None, **more):
        answer = self.ask("PATCH", path, {"schemas": [PATCH], "Operations": operations}, **more)
        assert answer.status == (status or (204 if path.startswith("/Groups") else 200)), answer
        return answer.json() if answer.body else None


def refused(answer, status, scim_type=None):
    """Whether an answer is an error in SCIM's form; its sentence."""
    assert answer.status == status, answer
    error = answer.json()
    assert error["schemas"] == [ERROR] and error["status"] == str(status), error
    assert error.get("scimType") == scim_type, error
    return error["detail"]
