# SPDX-License-Identifier: Apache-2.0
"""All that the wire shows of a refusal, to be compared: whoever may not know of a thing sees no difference."""
import grpc
import pytest

from authority import MESSAGES


def seen(w, path, request, who=None, token=None):
    """All that the wire shows of a refusal, but the request id."""
    request_type, response_type = MESSAGES.method(path)
    stub = w.a.channel(who).unary_unary(f"/chancery.v1.{path}", request_type.SerializeToString,
                                        response_type.FromString)
    metadata = [("authorization", f"Bearer {token}")] if token else []
    with pytest.raises(grpc.RpcError) as caught:
        stub(request if isinstance(request, request_type) else request_type(**request), metadata=metadata, timeout=20)
    error = caught.value
    trailers = dict(error.trailing_metadata())
    status = MESSAGES("google.rpc.Status").FromString(trailers.pop("grpc-status-details-bin"))
    details = []
    for detail in status.details:
        message = MESSAGES(detail.type_url.split("/")[-1]).FromString(detail.value)
        if message.DESCRIPTOR.name == "ErrorInfo":
            kept = [pair for pair in message.metadata.items() if pair[0] != "request_id"]
            assert len(kept) == len(message.metadata) - 1
            details.append((message.reason, message.domain, sorted(kept)))
        else:
            details.append(str(message))
    return (error.code().name, error.details(), status.code, status.message, details, sorted(trailers.items()),
            sorted(key for key, _ in error.initial_metadata()))


def reason_of(shown):
    return shown[4][0][0]


def same(w, path, requests, who=None, token=None):
    """Refused, and for every request in the same way; the public reason."""
    shown = [seen(w, path, request, who, token) for request in requests]
    assert all(one == shown[0] for one in shown), (path, shown)
    return reason_of(shown[0])


def forged(w, **fields):
    """The license with another header: what a stranger can make of the clear part."""
    license_ = MESSAGES("chancery.internal.v1.PublishingLicense").FromString(w.made.publishing_license)
    header = MESSAGES("chancery.internal.v1.LicenseHeader").FromString(license_.header)
    for name, value in fields.items():
        setattr(header, name, value)
    license_.header = header.SerializeToString()
    return license_.SerializeToString()
