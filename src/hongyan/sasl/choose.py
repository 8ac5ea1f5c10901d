"""Which mechanism to use: the strongest that both sides can, and never a weaker one in silence.

The ladder is fixed (strongest first; one row is of equal strength). A mechanism that shows a secret
wants a protected line. One that is weaker than what the server offered before is refused, for
whoever sits in between could have taken the better ones from the offer.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Final

from hongyan.errors import InvalidArgument, Unsafe
from hongyan.guard import shown
from hongyan.reasons import Reason
from hongyan.sasl.binding import server_end_point
from hongyan.sasl.cram_md5 import CramMD5
from hongyan.sasl.digest_md5 import DigestMD5
from hongyan.sasl.external import External
from hongyan.sasl.kerberos import GSSAPI
from hongyan.sasl.login import Login
from hongyan.sasl.ntlm import NTLM
from hongyan.sasl.oauth import OAuthBearer, XOAuth2
from hongyan.sasl.plain import Plain
from hongyan.sasl.scram import HASHES, Scram

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hongyan.sasl.types import ChannelBinding, Credentials, Mechanism, Service, Terms

LADDER: Final[tuple[tuple[str, ...], ...]] = (
    ("EXTERNAL", "GSSAPI"),
    *((f"{name}-PLUS",) for name in HASHES),
    *((name,) for name in HASHES),
    ("DIGEST-MD5", "CRAM-MD5", "NTLM"),
    ("OAUTHBEARER", "XOAUTH2"),
    ("PLAIN", "LOGIN"),
)
PLAINTEXT: Final = frozenset({"OAUTHBEARER", "XOAUTH2", "PLAIN", "LOGIN"})
_RANK: Final = {name: rank for rank, names in enumerate(LADDER) for name in names}
_MOST_NAMED: Final = 12


def choose(  # noqa: PLR0913 - each is a fact of its own about the session
    offered: Iterable[str],
    credentials: Credentials,
    *,
    secure: bool,
    remembered: Iterable[str] = (),
    binding: ChannelBinding | None = None,
    service: Service | None = None,
    allow_plaintext: bool = False,
) -> Mechanism:
    """Return the strongest usable mechanism among ``offered``, whose names may be in any case.

    ``secure`` says whether the line is protected; without it, and without ``allow_plaintext``, no
    mechanism that shows a secret is used. ``remembered`` are the names offered by this server in
    earlier sessions. Raises `Unsafe` when nothing usable is offered or only something weaker than
    before, and `InvalidArgument` for credentials that the chosen mechanism cannot carry.
    """
    names = {name.upper() for name in offered}
    fitting = [name for name in _RANK if _fits(name, credentials, binding, service)]
    allowed = [name for name in fitting if secure or allow_plaintext or name not in PLAINTEXT]
    usable = [name for name in allowed if name in names]
    _refuse_step_down(next(iter(usable), None), allowed, {name.upper() for name in remembered})
    if not usable:
        raise Unsafe(_why_none(names, fitting, credentials))
    if any(name.endswith("-PLUS") for name in names) and not usable[0].endswith("-PLUS"):
        binding = None  # the server does offer to bind: "y" would accuse it (RFC 5802 §6)
    return mechanism(usable[0], credentials, binding=binding, service=service)


def choose_under(terms: Terms, offered: Iterable[str], credentials: Credentials) -> Mechanism:
    """Return what `choose` does under ``terms``, bound to the certificate where that is offered."""
    offered = tuple(offered)
    return choose(
        offered,
        credentials,
        secure=terms.disclose,
        remembered=terms.remembered,
        binding=_binding(terms, offered),
        service=terms.service,
    )


def refuse_less(terms: Terms, credentials: Credentials, *, than: str = "PLAIN") -> None:
    """Raise `Unsafe` when the server used to offer something stronger ``than`` that fits.

    For a login that is no SASL mechanism but as strong as one, such as POP3's USER and PASS.
    """
    binding = _binding(terms, ())
    allowed = [name for name in _RANK if _fits(name, credentials, binding, terms.service)]
    _refuse_step_down(than, allowed, {name.upper() for name in terms.remembered})


def _binding(terms: Terms, offered: Iterable[str]) -> ChannelBinding | None:
    """Return the binding to the certificate, where the server offers to bind or once did."""
    names = (*offered, *terms.remembered)
    if terms.certificate and any(name.upper().endswith("-PLUS") for name in names):
        return server_end_point(terms.certificate)
    return None


def mechanism(
    name: str,
    credentials: Credentials,
    *,
    binding: ChannelBinding | None = None,
    service: Service | None = None,
) -> Mechanism:
    """Return the mechanism of that ``name``, in any case, whatever its strength.

    Raises `InvalidArgument` for an unknown name and for credentials that it cannot carry, `Unsafe`
    for GSSAPI and NTLM without their packages.
    """
    name = name.upper()
    if name.removesuffix("-PLUS") in HASHES:
        return Scram(name, credentials, binding=binding)
    if name == "OAUTHBEARER":
        return OAuthBearer(credentials, service=service)
    if simple := _SIMPLE.get(name):
        return simple(credentials)
    if (served := _SERVED.get(name)) is None:
        raise InvalidArgument("mechanism", f"{shown(name, limit=40)} is not known")
    if service is None:
        raise InvalidArgument("service", f"is missing, and {name} needs it")
    return served(credentials, service=service)


_SIMPLE: Final[dict[str, type[Plain | Login | External | CramMD5 | XOAuth2]]] = {
    made.name: made for made in (Plain, Login, External, CramMD5, XOAuth2)
}
_SERVED: Final[dict[str, type[DigestMD5 | GSSAPI | NTLM]]] = {
    made.name: made for made in (DigestMD5, GSSAPI, NTLM)
}


def _fits(
    name: str,
    credentials: Credentials,
    binding: ChannelBinding | None,
    service: Service | None,
) -> bool:
    """Whether the mechanism can work with what there is."""
    if name in {"OAUTHBEARER", "XOAUTH2"}:
        return bool(credentials.token)
    if name == "EXTERNAL":
        return not credentials.password and not credentials.token
    if name == "GSSAPI":
        by_ticket = _fits("EXTERNAL", credentials, None, None)
        return by_ticket and service is not None and _installed("gssapi")
    if name.endswith("-PLUS") and binding is None:
        return False
    if name == "NTLM" and not _installed("spnego"):
        return False
    return bool(credentials.password) and (name not in _SERVED or service is not None)


def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _refuse_step_down(best: str | None, allowed: list[str], remembered: set[str]) -> None:
    before = next((name for name in allowed if name in remembered), best)
    if before and (best is None or _RANK[before] < _RANK[best]):
        now = f"nothing better than {best}" if best else "no login that can be used"
        raise Unsafe(Reason.STEPPED_DOWN.of(before=before, now=now))


def _why_none(names: set[str], fitting: list[str], credentials: Credentials) -> str:
    if not names:
        return Reason.NO_LOGIN.of()
    some = shown(", ".join(sorted(names)[:_MOST_NAMED]), limit=300)
    if any(name in names for name in fitting):
        return Reason.LOGIN_IN_CLEAR.of(offered=some)
    have = "a token" if credentials.token else "no password and no token"
    return Reason.LOGIN_UNFIT.of(offered=some, have="a password" if credentials.password else have)
