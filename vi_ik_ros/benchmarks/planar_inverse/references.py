# SPDX-License-Identifier: Apache-2.0
"""What the source has stored of its own networks.

Schwaiger and Brunner (2021), "Neural Networks for Inverse Kinematics Problems in Robotics": the
results kept in their repository (thomasbbrunner/tum-adlr-ws20-06), and two figures of their slides.
"""

SOURCE = "Schwaiger, Brunner 2021, stored {family}"
POSTERIOR = {  # e_posterior by family and joints
    "cvae": {4: 0.01485, 6: 0.00871, 8: 0.00726, 10: 0.00766},
    "inn": {4: 0.01459, 6: 0.01229, 8: 0.01166, 10: 0.01248},
}
RESIMULATION = {  # e_resim [m^2]
    "cvae": {4: 7.65e-5, 6: 2e-4, 8: 6e-4, 10: 1.2e-3},
    "inn": {4: 2.3e-3, 6: 4.1e-3, 8: 3.3e-3, 10: 3.5e-3},
}
POINTS = {6: (3.42, 0.68), 10: (5.00, 0.53)}  # of the slides [m]
HULLS = {  # what they call the area of the hull: with scipy's word for it, the perimeter [m]
    "cvae": {6: 0.15, 10: 1.02},
    "inn": {6: 0.43, 10: 1.15},
}
REQUIRED = {  # at most, of our best family, by field of `Measured`; the second only of 4 joints
    "unbiased": 1e-3,
    "resimulation": 7.6e-5,  # [m^2]
    "resimulation_refined": 1e-6,  # [m^2]
}


def compared(field: str, family: str, num_joints: int) -> tuple[float | None, str | None]:
    """Return what a figure is compared with, and what that is; (None, None) if with nothing.

    Args:
        field: of `Measured`.
        family: of the model.
        num_joints: of the arm.
    """
    stored = {"biased": POSTERIOR, "resimulation": RESIMULATION}.get(field, {}).get(family)
    if stored is not None:
        return stored[num_joints], SOURCE.format(family=family)
    if field not in REQUIRED or (field == "resimulation" and num_joints != 4):
        return None, None
    return REQUIRED[field], "required of our best family at most"
