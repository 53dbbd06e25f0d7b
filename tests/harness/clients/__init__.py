# SPDX-License-Identifier: Apache-2.0
"""Clients of their own kind, beside ticket-client."""
