"""What pip's and uv's last words mean. Standard library only: the bootstrap needs it too."""

import errno
import re

_MEANINGS = {
    "no space left on device|os error 28|disk quota exceeded|os error 122": """
        there is no space left on the device; make room in the checkout, in the temporary folder
        and in the installer's cache""",
    "do not match the hashes|hash mismatch": """
        a package that was downloaded is not the one that the lock names; look whether a proxy or
        a mirror changes packages""",
    "temporary failure in name resolution|name or service not known|dns error"
    "|failed to establish a new connection|error sending request|connection refused|proxyerror"
    "|network is unreachable"
    "|could not (connect|resolve host|resolve proxy)|tunnel error|max retries exceeded"
    "|connecttimeout|operation timed out"
    "|read timed out|network (connectivity is|was) disabled"
    "|connection (was |has been )?(aborted|reset)"
    "|failed to (fetch|download|lookup)": """
        what has to be downloaded could not be reached; check the network and the proxy settings""",
    "read-only file system|os error 30": """
        the file system is read-only; use a checkout that you may write to""",
    "permission denied|os error 13": """
        a file may not be written; use a checkout and a cache that you may write to""",
}

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
NOT_WRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def meaning(output: str) -> str:
    """The one sentence behind an installer's output, or '' when it says nothing we know."""
    for pattern, sentence in _MEANINGS.items():
        if re.search(pattern, output, re.IGNORECASE):
            return " ".join(sentence.split())
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
    """The end of what a tool said, indented; warnings only if it said nothing else."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith("WARNING:")]
    return "\n".join(f"    {line}" for line in (telling or lines)[-count:])
