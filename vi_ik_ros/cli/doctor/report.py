# SPDX-License-Identifier: Apache-2.0
"""How findings are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich.markup import escape
from rich.table import Table

from vi_ik_ros.cli.doctor.finding import Finding, State

# Blue and yellow are told apart by everybody; the word says it as well.
STYLES = {State.OK: "blue", State.MISSING: "yellow", State.WARNING: "yellow", State.FAILED: "bold"}


def is_well(findings: Sequence[Finding]) -> bool:
    """Tell whether all that is required works."""
    return all(finding.state is not State.FAILED for finding in findings)


def findings_data(findings: Sequence[Finding]) -> Mapping[str, object]:
    """Return what `--json` prints."""
    return {"ok": is_well(findings), "findings": [asdict(finding) for finding in findings]}


def findings_table(findings: Sequence[Finding]) -> Table:
    """Return the findings by section; below one that is not well, what to do."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    section = ""
    for finding in findings:
        if finding.section != section:
            section = finding.section
            table.add_row(f"[bold]{escape(section)}[/]")
        style = STYLES[finding.state]
        table.add_row(f"  {escape(finding.name)}", f"[{style}]{finding.state}[/]", _words(finding))
    table.add_row("[bold]in all[/]", "", _summary(findings))
    return table


def _words(finding: Finding) -> str:
    """Return what is known of a finding, the remedy on a line of its own."""
    lines = [finding.detail, f"-> {finding.remedy}"] if finding.remedy else [finding.detail]
    return escape("\n".join(lines))


def _summary(findings: Sequence[Finding]) -> str:
    """Count what is not well."""
    counts = {state: sum(one.state is state for one in findings) for state in State}
    words = [f"{counts[state]} {state}" for state in State if counts[state]]
    verdict = "all that is required works" if is_well(findings) else "something required fails"
    return f"{verdict}: {', '.join(words)}"
