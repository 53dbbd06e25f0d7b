# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests and the demo share: certificates, processes, the client, the module and
the servers."""
