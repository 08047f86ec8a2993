"""Errors in Stripe's envelope, with the texts that integrations have to read."""

from __future__ import annotations

from stripe_sandbox.keys import mask
from stripe_sandbox.records import Json


class StripeError(Exception):
    """An answer other than 200."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self._details = {"code": code, "param": param}

    def body(self) -> Json:
        """Return the error envelope."""
        details = {name: value for name, value in self._details.items() if value is not None}
        return {"error": {"message": str(self), "type": "invalid_request_error", **details}}


def bad_request(message: str, *, param: str | None = None, code: str | None = None) -> StripeError:
    """Return a 400."""
    return StripeError(400, message, param=param, code=code)


def unknown_parameter(name: str) -> StripeError:
    """Return the 400 for a parameter that the endpoint does not have."""
    return bad_request(f"Received unknown parameter: {name}", param=name, code="parameter_unknown")


def missing(kind: str, object_id: str, *, param: str = "id", status: int = 404) -> StripeError:
    """Return the error for an object that is not there."""
    return StripeError(status, f"No such {kind}: '{object_id}'", code="resource_missing", param=param)


def no_key() -> StripeError:
    """Return the 401 for a request without any key."""
    return StripeError(
        401,
        "You did not provide an API key. You need to provide your API key in the Authorization header, "
        "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    )


def invalid_key(secret: str) -> StripeError:
    """Return the 401 for a key that does not exist; the message carries the key's ends."""
    return StripeError(401, f"Invalid API Key provided: {mask(secret)}")


def expired_key(secret: str) -> StripeError:
    """Return the 401 for a key that was rolled or has expired."""
    return StripeError(401, f"Expired API Key provided: {mask(secret)}", code="api_key_expired")


def blocked_address(secret: str) -> StripeError:
    """Return the 401 for a key with an address list that the caller is not on."""
    return StripeError(401, f"The API key provided does not allow requests from your IP address. ({mask(secret)})")


def publishable_key() -> StripeError:
    """Return the refusal of a publishable key."""
    return StripeError(
        401,
        "This API call cannot be made with a publishable API key. Please use a secret API key.",
        code="secret_key_required",
    )


def missing_permission(secret: str, permission: str, account_id: str) -> StripeError:
    """Return the 403 that names the permission a restricted key lacks."""
    return StripeError(
        403,
        f"The provided key '{mask(secret)}' does not have the required permissions for this endpoint on "
        f"account '{account_id}'. Having the '{permission}' permission would allow this request to continue.",
        code="more_permissions_required",
    )


def rate_limited(reason: str) -> StripeError:
    """Return the 429 with the header that says which limit was hit."""
    return StripeError(
        429,
        "Request rate limit exceeded. Learn more about rate limits in the documentation.",
        code="rate_limit",
        headers={"Stripe-Rate-Limited-Reason": reason},
    )
