# SPDX-License-Identifier: Apache-2.0
"""The rules of scripts/check-source, each kind in a file of its own."""
