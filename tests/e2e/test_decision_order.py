# SPDX-License-Identifier: Apache-2.0
"""The order of the decision through the real server: everything stands against a reader at once, and falls one by one. The
pairs of rows 3 to 8 are in tests/unit/domain/test_order.c."""
import time

import pytest

from authority import Authority, Reader, Refused


def reason(function, *args, **more):
    with pytest.raises(Refused) as caught:
        function(*args, **more)
    return caught.value.reason


def flipped(data):
    """Bytes or text with one bit changed near the end: a signature, a tag."""
    if isinstance(data, str):
        return data[:-10] + ("A" if data[-10] != "A" else "B") + data[-9:]
    return data[:-10] + bytes([data[-10] ^ 1]) + data[-9:]


def test_what_comes_first_is_told():
    a, reader = Authority(), Reader()
    try:
        a.migrate()
        a.start()
        contoso, admin = a.tenant("contoso", "commercial", "contoso.com")
        fabrikam, _ = a.tenant("fabrikam", "commercial", "fabrikam.com")
        agency, _ = a.tenant("agency", "gcc-high", "agency.us")
        alice, bob = contoso.token("alice@contoso.com"), fabrikam.token("bob@fabrikam.com")
        eve, ruth = fabrikam.token("eve@fabrikam.com"), agency.token("ruth@agency.us")
        made = a.call("PublishingService/Protect", {
            "custom": {"grants": [{"principals": ["recipients"], "rights": [1]}],
                       "expiry": {"time": {"seconds": int(time.time()) + 2}}},
            "recipients": ["bob@fabrikam.com", "ruth@agency.us"], "client_public_jwk": reader.public}, token=alice)
        license_, content = made.publishing_license, made.content_id

        def acquire(token, of=license_):
            return a.call("LicensingService/AcquireLicense", {"publishing_license": of,
                                                              "client_public_jwk": reader.public}, token=token)

        def set_state(state):
            a.call("TenantService/UpdateTenant", {"tenant": {"tenant": "contoso", "state": state},
                                                  "update_mask": {"paths": ["state"]}}, a.admin)

        time.sleep(3)
        a.call("TrackingService/Revoke", {"content_id": content}, token=alice)
        for user in ("bob@fabrikam.com", "ruth@agency.us"):
            a.call("TenantService/AddExclusion", {"user": user}, admin)
        set_state(2)
        for bad in (flipped(license_), b"no license"):
            assert reason(acquire, flipped(ruth), bad) == "TOKEN_SIGNATURE"  # 1
        assert reason(acquire, ruth, b"no license") == "LICENSE_MALFORMED"  # 2
        assert reason(acquire, ruth, flipped(license_)) == "LICENSE_FORGED"  # 2
        assert reason(acquire, ruth) == "TENANT_DISABLED"  # 3
        set_state(1)
        assert reason(acquire, ruth) == "PORTAL_REQUIRED"  # 4
        assert reason(acquire, bob) == "EXCLUDED"  # 5
        a.call("TenantService/RemoveExclusion", {"user": "bob@fabrikam.com"}, admin)
        assert reason(acquire, bob) == "REVOKED"  # 6
        assert reason(acquire, eve) == "NO_RIGHTS"  # who has none learns neither of 6 nor of 7
        a.call("TrackingService/Restore", {"content_id": content}, token=alice)
        assert reason(acquire, bob) == "EXPIRED"  # 7
        assert reason(acquire, eve) == "NO_RIGHTS"  # 8
        acquire(alice)
        a.call("PublishingService/AmendPolicy", {"content_id": content, "expiry": {"days": 9}}, token=alice)
        assert acquire(bob).rights == [1]
    finally:
        a.close()
