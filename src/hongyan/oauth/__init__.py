"""Signing in by OAuth 2.0 (RFC 6749): which requests to make and what their answers mean.

Pure: the caller posts the forms. RFC 7636 (PKCE), RFC 8252 (native apps), RFC 8414 (metadata),
RFC 8628 (devices without a browser).
"""

from hongyan.oauth.device import DeviceGrant, device_request, poll_request, read_device, read_poll
from hongyan.oauth.grant import (
    Authorisation,
    authorisation,
    code_request,
    read_tokens,
    redirected_code,
    refresh_request,
)
from hongyan.oauth.metadata import metadata_urls, read_metadata
from hongyan.oauth.providers import load_providers
from hongyan.oauth.types import Client, Form, Provider, SignInLapsed, Tokens

__all__ = [
    "Authorisation",
    "Client",
    "DeviceGrant",
    "Form",
    "Provider",
    "SignInLapsed",
    "Tokens",
    "authorisation",
    "code_request",
    "device_request",
    "load_providers",
    "metadata_urls",
    "poll_request",
    "read_device",
    "read_metadata",
    "read_poll",
    "read_tokens",
    "redirected_code",
    "refresh_request",
]
