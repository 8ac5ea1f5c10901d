"""SASL mechanisms (RFC 4422): how a client proves who it is, without a socket and without base64.

Make `Credentials`, let `choose` pick the strongest `Mechanism` offered, then feed it challenges:
``start``, ``respond`` …, ``finish``. Any object of that shape will do in place of ours.
"""

from hongyan.sasl.binding import server_end_point
from hongyan.sasl.choose import LADDER, choose, choose_under, mechanism, refuse_less
from hongyan.sasl.cram_md5 import CramMD5
from hongyan.sasl.digest_md5 import DigestMD5
from hongyan.sasl.external import External
from hongyan.sasl.kerberos import GSSAPI
from hongyan.sasl.login import Login
from hongyan.sasl.ntlm import NTLM
from hongyan.sasl.oauth import OAuthBearer, XOAuth2
from hongyan.sasl.plain import Plain
from hongyan.sasl.prep import saslprep
from hongyan.sasl.scram import Scram
from hongyan.sasl.types import ChannelBinding, Credentials, Mechanism, Service, Terms

__all__ = [
    "GSSAPI",
    "LADDER",
    "NTLM",
    "ChannelBinding",
    "CramMD5",
    "Credentials",
    "DigestMD5",
    "External",
    "Login",
    "Mechanism",
    "OAuthBearer",
    "Plain",
    "Scram",
    "Service",
    "Terms",
    "XOAuth2",
    "choose",
    "choose_under",
    "mechanism",
    "refuse_less",
    "saslprep",
    "server_end_point",
]
