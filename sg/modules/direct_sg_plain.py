# SPDX-License-Identifier: Apache-2.0
"""Direct SG whose network does not see the labels ("DNI", [12])."""

from sg.modules import direct_sg
from sg.modules import interface

METHOD = interface.Method(
    title='Direct SG, plain',
    colour='#e69f00',
    cost=4.0,
    make=lambda cut: direct_sg.DirectSG(cut, conditioned=False),
    distance='direct_sg_distance',
    learning_rate='direct_sg_learning_rate',
)
