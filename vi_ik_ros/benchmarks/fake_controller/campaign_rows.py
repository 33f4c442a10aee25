# SPDX-License-Identifier: Apache-2.0
"""A campaign of faults as rows of a report."""

from vi_ik_ros.benchmarks.fake_controller.fault_campaign import CampaignResult
from vi_ik_ros.benchmarks.report import Row

CASE = "ours, fake COMAU controller"


def campaign_rows(result: CampaignResult) -> list[Row]:
    """Say what a campaign has shown."""
    counts = {
        "kinds of faults": len(result.troubles),
        "faults made": sum(result.troubles.values()),
        "faults not noticed": result.unnoticed,
        "faults of a wrong name": result.misnamed,
        "faults without a cause": result.unprovoked,
        "commands after a fault": result.commands_after_fault,
        "connections before clear_fault": result.early_reconnects,
        "faults cleared while their cause was there": result.cleared_early,
        "faults without a way back": result.lost,
    }
    rows = [Row(CASE, metric, value) for metric, value in counts.items()]
    for kind, delays in sorted(result.delays.items()):
        rows.append(Row(CASE, f"longest time until noticed: {kind} [s]", max(delays)))
    return rows
