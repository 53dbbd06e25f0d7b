# SPDX-License-Identifier: Apache-2.0
"""Early data: servers that accept it, and an attacker who replays it."""
