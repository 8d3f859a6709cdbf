"""What pip's and uv's last words mean. Standard library only: the bootstrap needs it too."""

import errno
import re

_MEANINGS = (
    (
        r"no space left on device|os error 28|disk quota exceeded|os error 122",
        "there is no space left on the device; make room in the checkout, in the temporary folder "
        "and in the installer's cache",
    ),
    (
        r"do not match the hashes|hash mismatch",
        "a package that was downloaded is not the one that the lock names; look whether a proxy "
        "or a mirror changes packages",
    ),
    (
        r"temporary failure in name resolution|name or service not known|failed to establish a new"
        r" connection|dns error|error sending request|network is unreachable|connection refused"
        r"|could not connect|tunnel error|max retries exceeded|connecttimeout|read timed out"
        r"|operation timed out|proxyerror|network connectivity is disabled"
        r"|connection (was |has been )?(aborted|reset|broken)|error while fetching server api"
        r"|failed to (fetch|download|lookup)",
        "the package index could not be reached; check the network and the proxy settings",
    ),
    (
        r"read-only file system|os error 30",
        "the file system is read-only; use a checkout that you may write to",
    ),
    (
        r"permission denied|os error 13",
        "a file may not be written; use a checkout and a cache that you may write to",
    ),
)

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
NOT_WRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def meaning(output: str) -> str:
    """The one sentence behind an installer's output, or '' when it says nothing we know."""
    for pattern, sentence in _MEANINGS:
        if re.search(pattern, output, re.IGNORECASE):
            return sentence
    return ""


def os_failure(error: OSError, place: object) -> str:
    if error.errno in NO_ROOM:
        return f"there is no space left for {place}; make room there and start again"
    if error.errno in NOT_WRITABLE:
        return (
            f"{place} may not be written ({error.strerror}: {error.filename}); "
            "use a checkout that you may write to"
        )
    return f"{place} could not be set up: {error}"


def last_lines(output: str, count: int = 15) -> str:
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    return "\n".join(f"    {line}" for line in lines[-count:])
