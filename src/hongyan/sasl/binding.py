"""tls-server-end-point (RFC 5929 §4): the channel binding that a certificate alone gives.

tls-exporter (RFC 9266) needs key material that Python's ``ssl`` does not hand out; whoever has it
makes a `ChannelBinding` of it.
"""

from __future__ import annotations

import hashlib
from typing import Final

from hongyan.errors import InvalidArgument
from hongyan.sasl.types import ChannelBinding

_REPLACED: Final = {"md5", "sha1"}  # by SHA-256, RFC 5929 §4.1


def server_end_point(certificate: bytes) -> ChannelBinding | None:
    """Return the binding to the server's ``certificate`` (DER).

    None where the RFC defines none, as for Ed25519. Raises `InvalidArgument` when it is none.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        algorithm = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    except UnsupportedAlgorithm:
        return None
    except ValueError:
        raise InvalidArgument("certificate", "is not an X.509 certificate in DER") from None
    if algorithm is None:
        return None
    name = "sha256" if algorithm.name in _REPLACED else algorithm.name
    return ChannelBinding("tls-server-end-point", hashlib.new(name, certificate).digest())
