# SPDX-License-Identifier: Apache-2.0
"""The client in C# of docs/clients.md, by Mono and this build's libchancery."""
import os
import shutil

import pytest

from authority import BUILD
from build_kind import is_sanitized
from documented import check, environment, node_at_its_address, program, run

PROGRAMS = [name for name in ("mcs", "mono") if not shutil.which(name)]

pytestmark = [pytest.mark.skipif(bool(PROGRAMS), reason=f"not installed: {', '.join(PROGRAMS)}"),
              pytest.mark.skipif(is_sanitized(), reason="Mono does not load a library of AddressSanitizer")]


def test_csharp(world, tmp_path):
    (tmp_path / "Client.cs").write_text(program("C#", "cs"), encoding="utf-8")
    run(["mcs", "-warnaserror", "-out:client.exe", "Client.cs"], cwd=tmp_path)
    with node_at_its_address(world) as node:
        check(world, run(["mono", "client.exe"], cwd=tmp_path,
                         env={**environment(world, node), "LD_LIBRARY_PATH": os.path.join(BUILD, "library")}))
