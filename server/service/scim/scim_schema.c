/* SPDX-License-Identifier: Apache-2.0 */
#include "service/scim/scim_schema.h"

#include <string.h>

#include "service/scim/scim_resource.h"

#define CORE "urn:ietf:params:scim:schemas:core:2.0:"
#define LIST \
    "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:ListResponse\"],\"totalResults\":"

static const char CONFIG[] =
    "{\"schemas\":[\"" CORE "ServiceProviderConfig\"],"
    "\"patch\":{\"supported\":true},"
    "\"bulk\":{\"supported\":false,\"maxOperations\":0,\"maxPayloadSize\":0},"
    "\"filter\":{\"supported\":true,\"maxResults\":200},"
    "\"changePassword\":{\"supported\":false},\"sort\":{\"supported\":false},"
    "\"etag\":{\"supported\":true},"
    "\"authenticationSchemes\":[{\"type\":\"oauthbearertoken\",\"name\":\"Bearer token\","
    "\"description\":\"A token of the directory, made by the tenant's admin.\",\"primary\":true}],"
    "\"meta\":{\"resourceType\":\"ServiceProviderConfig\"}}";

#define USER_TYPE                                                                \
    "{\"schemas\":[\"" CORE "ResourceType\"],\"id\":\"User\",\"name\":\"User\"," \
    "\"endpoint\":\"/Users\",\"schema\":\"" CORE                                 \
    "User\",\"meta\":{\"resourceType\":\"ResourceType\"}}"
#define GROUP_TYPE                                                                 \
    "{\"schemas\":[\"" CORE "ResourceType\"],\"id\":\"Group\",\"name\":\"Group\"," \
    "\"endpoint\":\"/Groups\",\"schema\":\"" CORE                                  \
    "Group\",\"schemaExtensions\":[{\"schema\":\"" SCIM_GROUP_EXTENSION            \
    "\",\"required\":false}],\"meta\":{\"resourceType\":\"ResourceType\"}}"

#define ATTRIBUTE(name, type, more)                                        \
    "{\"name\":\"" name "\",\"type\":\"" type "\",\"multiValued\":false,"  \
    "\"required\":false,\"caseExact\":false,\"mutability\":\"readWrite\"," \
    "\"returned\":\"default\",\"uniqueness\":\"none\"" more "}"
#define TEXT(name) ATTRIBUTE(name, "string", "")
#define SEVERAL(name, parts)                                               \
    "{\"name\":\"" name "\",\"type\":\"complex\",\"multiValued\":true,"    \
    "\"required\":false,\"caseExact\":false,\"mutability\":\"readWrite\"," \
    "\"returned\":\"default\",\"uniqueness\":\"none\",\"subAttributes\":[" parts "]}"
#define EXACT(name)                                                       \
    "{\"name\":\"" name "\",\"type\":\"string\",\"multiValued\":false,"   \
    "\"required\":false,\"caseExact\":true,\"mutability\":\"readWrite\"," \
    "\"returned\":\"default\",\"uniqueness\":\"none\"}"

#define USER_SCHEMA                                                                                        \
    "{\"schemas\":[\"" CORE "Schema\"],\"id\":\"" CORE "User\",\"name\":\"User\",\"attributes\":["         \
    "{\"name\":\"userName\",\"type\":\"string\",\"multiValued\":false,\"required\":true,"                  \
    "\"caseExact\":false,\"mutability\":\"readWrite\",\"returned\":\"default\","                           \
    "\"uniqueness\":\"server\"}," EXACT("externalId") "," TEXT("displayName") "," ATTRIBUTE(               \
        "name", "complex",                                                                                 \
        ",\"subAttributes\":[" TEXT("formatted") "," TEXT("givenName") "," TEXT(                           \
            "familyName") "]") "," ATTRIBUTE("active", "boolean",                                          \
                                             "") "," SEVERAL("emails",                                     \
                                                             TEXT("value") "," TEXT("type") "," ATTRIBUTE( \
                                                                 "primary", "boolean",                     \
                                                                 "")) "],"                                 \
                                                                      "\"meta\":{\"resourceType\":\"Schema\"}}"
#define GROUP_SCHEMA                                                             \
    "{\"schemas\":[\"" CORE "Schema\"],\"id\":\"" CORE                           \
    "Group\",\"name\":\"Group\",\"attributes\":[" TEXT("displayName") "," EXACT( \
        "externalId") "," SEVERAL("members",                                     \
                                  EXACT("value") "," TEXT("display") "," TEXT(   \
                                      "type")) "],"                              \
                                               "\"meta\":{\"resourceType\":\"Schema\"}}"
#define EXTENSION_SCHEMA                                               \
    "{\"schemas\":[\"" CORE "Schema\"],\"id\":\"" SCIM_GROUP_EXTENSION \
    "\",\"name\":\"Chancery group\","                                  \
    "\"attributes\":[" TEXT("address") "],\"meta\":{\"resourceType\":\"Schema\"}}"

static const struct document {
    enum scim_kind kind;
    const char *id; /* "": of all */
    const char *json;
} documents[] = {
    {.kind = SCIM_CONFIG, .id = "", .json = CONFIG},
    {.kind = SCIM_TYPES, .id = "User", .json = USER_TYPE},
    {.kind = SCIM_TYPES, .id = "Group", .json = GROUP_TYPE},
    {.kind = SCIM_TYPES, .id = "", .json = LIST "2,\"Resources\":[" USER_TYPE "," GROUP_TYPE "]}"},
    {.kind = SCIM_SCHEMAS, .id = CORE "User", .json = USER_SCHEMA},
    {.kind = SCIM_SCHEMAS, .id = CORE "Group", .json = GROUP_SCHEMA},
    {.kind = SCIM_SCHEMAS, .id = SCIM_GROUP_EXTENSION, .json = EXTENSION_SCHEMA},
    {.kind = SCIM_SCHEMAS,
     .id = "",
     .json = LIST "3,\"Resources\":[" USER_SCHEMA "," GROUP_SCHEMA "," EXTENSION_SCHEMA "]}"},
};

step scim_schema_answer(struct call *c, const struct scim_request *request)
{
    struct buf out;
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        if (documents[i].kind == request->kind && strcmp(documents[i].id, request->id) == 0) {
            buf_init(&out, call_arena(c));
            buf_add_str(&out, documents[i].json);
            return scim_resource_answer(c, 200, "", "", &out);
        }
    }
    return call_fail(c, R_NOT_FOUND, "no such document");
}
