# SPDX-License-Identifier: Apache-2.0
"""The paper's claims, section by section."""

from report.claims import section_4_1
from report.claims import section_4_2
from report.claims import section_4_3

SECTIONS = (section_4_1.SECTION, section_4_2.SECTION, section_4_3.SECTION)
