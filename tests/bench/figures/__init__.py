# SPDX-License-Identifier: Apache-2.0
"""What was measured, and how it is told."""
