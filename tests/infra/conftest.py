"""The fixtures of Terraform, for all tests here."""

from __future__ import annotations

from tests.infra.terraform import everything, files, terraform

__all__ = ["everything", "files", "terraform"]
