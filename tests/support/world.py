# SPDX-License-Identifier: Apache-2.0
"""The world of a test: an authority, two tenants who write to each other, and whoever else is asked for.

Contoso protects and Fabrikam reads. Alice, Carol and Eve are of Contoso; Bob is of Fabrikam, and so is Mallory, to whom
nobody ever gives anything. Who is not there from the
beginning (another tenant, a portal, a consumers' issuer) is made when a test first names them. What a test makes for
itself has a name of its own, so tests share one authority without disturbing each other."""
import itertools
import threading

from authority import MESSAGES, Identity, Issuer, Reader

ROLES = {value.name[5:].lower().replace("_", "-"): value.number
         for value in MESSAGES.pool.FindEnumTypeByName("chancery.v1.Role").values}
VIEW, EDIT, PRINT, FORWARD, VIEWRIGHTSDATA, OWNER = 1, 2, 5, 8, 12, 14
MULTI_TENANT, CONSUMER = 2, 3
BY_OWNER, BY_ISSUER, BY_SUPER_USER, BY_DECRYPTOR = 1, 2, 3, 4  # chancery.v1.Power
POLICIES = {"do_not_forward", "encrypt_only", "custom", "template_id"}


class made_once:  # pylint: disable=invalid-name,too-few-public-methods
    """A property that is made when it is first asked for, and once however many threads ask: functools' own is no
    longer that since Python 3.12."""
    lock = threading.RLock()

    def __init__(self, make):
        self.make = make

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        with self.lock:
            if self.name not in instance.__dict__:
                instance.__dict__[self.name] = self.make(instance)
        return instance.__dict__[self.name]


class Tenant:
    """A tenant with a domain that it has proven, an issuer of its own, and an admin."""

    def __init__(self, authority, name, boundary, domain):
        self.a, self.name, self.boundary, self.domain = authority, name, boundary, domain
        self.issuer, self.admin = authority.tenant(name, boundary, domain)

    @made_once
    def id(self):  # pylint: disable=invalid-name
        return self.a.postgres.sql(f"SELECT tenant FROM tenant WHERE name = '{self.name}'")

    def token(self, person, **claims):
        """A token of the tenant's issuer, for an address or for somebody in the tenant's domain."""
        return self.issuer.token(person if "@" in person else f"{person}@{self.domain}", **claims)

    def component(self, role, name=None, **more):
        """A component of the tenant with a certificate."""
        if role == "gateway":
            more.setdefault("sender_domains", [self.domain])
        return self.a.component(name or f"{self.name}-{role}", ROLES[role], tenant=self.name, **more)

    gateway = made_once(lambda self: self.component("gateway"))
    auditor = made_once(lambda self: self.component("auditor"))
    decryptor = made_once(lambda self: self.component("decryptor"))
    second_admin = made_once(lambda self: self.component("tenant-admin", f"{self.name}-second"))


def template_of(*grants, **more):
    """A template's fields; without grants it is for its owner alone."""
    return {"names": [{"language": "en", "text": "T"}], "grants": list(grants) or [grant("owner", VIEW)], **more}


def rule_of(**fields):
    """A mail-flow rule's fields; without more it requires TLS for every message."""
    return {"name": "R", "mode": 1, "actions": {"require_tls": True}} | fields


def grant(principal, *rights):
    return {"principals": [principal], "rights": list(rights)}


class World:  # pylint: disable=too-many-public-methods
    def __init__(self, authority):
        self.a, self.call, self.reader = authority, authority.call, Reader()
        self.platform_admin, self.numbers = authority.admin, itertools.count(1)
        self.contoso = Tenant(authority, "contoso", "commercial", "contoso.com")
        self.fabrikam = Tenant(authority, "fabrikam", "commercial", "fabrikam.com")

    def sql(self, text, **more):
        return self.a.postgres.sql(text, **more)

    def unique(self, name="n"):
        """A name that nothing else has here."""
        return f"{name}{next(self.numbers)}"

    # --- who else there may be ---

    def tenant(self, name=None, boundary="commercial", domain=None):
        name = name or self.unique("tenant")
        return Tenant(self.a, name, boundary, domain or f"{name}.example")

    def platform_component(self, role, name=None, boundary="commercial", **more):
        """A component of no tenant: of one boundary."""
        return self.a.component(name or self.unique(role), ROLES[role], boundary=boundary, **more)

    def identity(self, name="stranger"):
        """A certificate that nobody has registered."""
        return Identity(self.unique(name))

    agency = made_once(lambda self: self.tenant("agency", "gcc-high", "agency.us"))
    depot = made_once(lambda self: self.tenant("depot", "gcc-high", "depot.us"))
    portal = made_once(lambda self: self.platform_component("portal", "portal-com"))
    high_portal = made_once(lambda self: self.platform_component("portal", "portal-high", "gcc-high"))
    gateway = property(lambda self: self.contoso.gateway)
    alice = made_once(lambda self: self.contoso.token("alice"))
    carol = made_once(lambda self: self.contoso.token("carol"))
    eve = made_once(lambda self: self.contoso.token("eve"))
    bob = made_once(lambda self: self.fabrikam.token("bob"))
    mallory = made_once(lambda self: self.fabrikam.token("mallory"))
    made = made_once(lambda self: self.protect())

    @made_once
    def google(self):
        """A consumers' issuer, whose people are of no tenant."""
        issuer = Issuer("https://accounts.google.example")
        self.a.issuer(issuer, CONSUMER, boundary="commercial")
        return issuer

    # --- what they do ---

    def protect(self, who=None, token=None, user_token=None, on=None, **request):
        """Protect for Bob under Do Not Forward, unless the request says otherwise (None leaves a field out): as the user
        or the component who is given, else as Contoso's gateway for Alice. `on` is another node."""
        if not who and not token:
            who = self.gateway
        if who and not user_token:
            request.setdefault("owner", "alice@contoso.com")
        if not POLICIES & set(request):
            request["do_not_forward"] = {}
        request = {"client_public_jwk": self.reader.public, "recipients": ["bob@fabrikam.com"], **request}
        request = {name: value for name, value in request.items() if value is not None}
        return (on or self.a).call("PublishingService/Protect", request, who, token, user_token)

    def acquire(self, made, token=None, who=None, user_token=None, on=None, reader=None,
                **request):  # pylint: disable=R0913
        """A use license for what was protected, or for a publishing license."""
        return (on or self.a).call("LicensingService/AcquireLicense", {
            **self.license_request(made, reader), **request}, who, token, user_token)

    def license_request(self, made, reader=None):
        license_ = made if isinstance(made, bytes) else made.publishing_license
        return {"publishing_license": license_, "client_public_jwk": (reader or self.reader).public}

    def rights(self, made, token=None, **more):
        return set(self.acquire(made, token, **more).rights)

    def template(self, *grants, who=None, **more):
        return self.call("TemplateService/CreateTemplate", {"template": template_of(*grants, **more)},
                         who or self.contoso.admin).template

    def update_tenant(self, who=None, tenant="", etag="", **fields):
        return self.call("TenantService/UpdateTenant", {
            "tenant": {"tenant": tenant, "etag": etag, **fields}, "update_mask": {"paths": list(fields)}},
            who or self.contoso.admin)

    def track(self, verb, made, who=None, **more):
        """Revoke or Restore, as Contoso's admin unless somebody else is given."""
        return self.call(f"TrackingService/{verb}", {"content_id": made.content_id, **more}, who or self.contoso.admin)

    def reconnect(self):
        """The next call of a person comes on a new connection, perhaps to another worker."""
        channel = self.a.channels.pop("", None)
        if channel:
            channel.close()

    def audit(self, **filters):
        return self.a.audit(**filters)

    def changed_by_hand(self, statements):
        """Change rows behind the server's back, and raise every tenant's epoch, as its own statements would."""
        self.sql(f"{statements}; SELECT epoch_raise(tenant) FROM tenant")

    def metric(self, text):
        """The value of a metric's line on /metrics, by its beginning; 0 as long as there is none."""
        lines = [line for line in self.a.page("/metrics")[1].splitlines() if line.startswith(text)]
        return float(lines[0].split()[-1]) if lines else 0
