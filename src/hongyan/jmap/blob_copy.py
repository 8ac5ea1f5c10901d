"""Blob/copy (RFC 8620 §6.3): all accounts are one person's, so a blob is there already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hongyan.errors import NotFound
from hongyan.jmap import blob
from hongyan.jmap.arguments import array, id_
from hongyan.jmap.call import account_of
from hongyan.jmap.errors import Json, MethodError, SetError
from hongyan.jmap.setting import errors_json

if TYPE_CHECKING:
    from hongyan.jmap.call import Call

_ids = array(id_)


def copy(call: Call) -> Json:
    """Answer Blob/copy."""
    source = call.take("fromAccountId", id_)
    try:
        account_of(call.store, source)
    except MethodError:
        raise MethodError("fromAccountNotFound") from None
    account = call.account
    ids = list(dict.fromkeys(call.take("blobIds", _ids)))
    call.end()
    copied, missing = {}, {}
    for blob_id in ids:
        try:
            blob.find(call.server, blob_id)
            copied[blob_id] = blob_id
        except NotFound as error:
            missing[blob_id] = SetError("notFound", str(error))
    return {
        "fromAccountId": source,
        "accountId": account.id,
        "copied": copied or None,
        "notCopied": errors_json(missing),
    }
