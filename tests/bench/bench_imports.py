"""What a function's own code adds to a cold start: ``python -m tests.bench.bench_imports``.

In a fresh process each: the libraries that a function needs before its first request, then the function's module.
Processor time; both stand in one process, so that what else the machine does weighs on both alike, and of several
processes the median ratio counts. It is to stay below the bound. Bytecode is there, as in the cloud, where the build
compiles what is deployed. Libraries that only some requests need (Firestore, gRPC, cryptography, the Google API's
client, phone numbers) are loaded by those, and must not show up here.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

from shared.local.site import FUNCTIONS, names

LIBRARIES = "functions_framework, itsdangerous, msgspec"
ALSO = {"settings": "phonenumbers"}
"""What single functions need besides, to check what they are sent."""
BOUND = 1.25
ROUNDS = 7
LATE = (
    "cryptography",
    "google.api_core",
    "google.auth",
    "googleapiclient",
    "grpc",
    "phonenumbers",
    "requests",
    "sqlite3",
)


def run(code: str) -> str:
    """What a fresh process prints that runs this."""
    environment = {**os.environ, "PYTHONPATH": str(FUNCTIONS.parent), "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603


def module(name: str) -> str:
    """What imports a function's libraries and then its module, as the framework does it, and prints the seconds."""
    path = FUNCTIONS / name / "main.py"
    return (
        "from time import process_time\nstart = process_time()\n"
        f"import {', '.join([LIBRARIES, *ALSO.get(name, '').split()])}\n"
        "without = process_time() - start\nimport sys\nfrom importlib import util\n"
        f"spec = util.spec_from_file_location('main', {str(path)!r})\n"
        "sys.modules['main'] = util.module_from_spec(spec)\nspec.loader.exec_module(sys.modules['main'])\n"
        # What the first request needs before anything of it is looked at.
        "import shared.web.services\n"
        "print(without, process_time() - start)\n"
    )


def seconds(name: str) -> tuple[float, float]:
    """The libraries alone, and with the module."""
    without, whole = run(module(name)).split()
    return float(without), float(whole)


def too_early(name: str) -> list[str]:
    """Libraries that the function's module loads, and should not."""
    loaded = run(f"{module(name)}print(' '.join(sys.modules))").split()
    return [library for library in LATE if library in loaded and library not in ALSO.get(name, "")]


def main() -> None:
    print(f"{'':<20}{'libraries':>12}{'module':>12}{'ratio':>8}   (bound {BOUND})", flush=True)
    for name in names():
        early = too_early(name)  # the first process also leaves the bytecode that the others find
        took = [seconds(name) for _ in range(ROUNDS)]
        ratio = statistics.median(whole / without for without, whole in took)
        without, whole = (min(column) for column in zip(*took, strict=True))
        remarks = ["above the bound"] * (ratio > BOUND) + [f"loads {', '.join(early)}"] * bool(early)
        figures = f"{without * 1000:>9.0f} ms{whole * 1000:>9.0f} ms{ratio:>8.2f}"
        print(f"{name:<20}{figures}   {'; '.join(remarks)}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
