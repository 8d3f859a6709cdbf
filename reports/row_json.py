"""One promise with both pins, for scripts."""

from dataclasses import asdict
from typing import Any

from reports.comparison import Row
from reports.failure import Case


def row_as_json(row: Row) -> dict[str, Any]:
    return {
        "promise": row.promise,
        "lane": row.lane,
        "level": str(row.level),
        "sentence": row.sentence,
        "outcome": str(row.outcome),
        "test": row.nodeid,
        "grown": [asdict(growth) for growth in row.growth],
        "old": [_case_as_json(case) for case in row.old.cases],
        "new": [_case_as_json(case) for case in row.new.cases],
    }


def _case_as_json(case: Case) -> dict[str, Any]:
    evidence = case.evidence or {}
    return {
        "verdict": str(case.verdict),
        "reason": case.reason,
        "observed": evidence.get("observed", ""),
        "required": evidence.get("required", ""),
        "ledger": case.ledger,
        "evidence_file": case.evidence_file,
        "reproduce": case.reproduce,
    }
