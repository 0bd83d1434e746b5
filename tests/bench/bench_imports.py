"""What a function's own code adds to a cold start: ``python -m tests.bench.bench_imports``.

In fresh processes, by turns: the libraries that a function needs before its first request, and the function's module.
Processor time, the least of several; their ratio is to stay below the bound. Libraries that only some requests need
(Firestore, gRPC, cryptography, the Google API's client, phone numbers) are loaded by those, and must not show up here.
"""

from __future__ import annotations

import os
import resource
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
    environment = {**os.environ, "PYTHONPATH": str(FUNCTIONS.parent)}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603


def seconds(code: str) -> float:
    """Processor time of a fresh process that runs this."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(code)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def libraries(name: str) -> str:
    return f"import {', '.join([LIBRARIES, *ALSO.get(name, '').split()])}\n"


def module(name: str) -> str:
    """What imports a function's module after its libraries, as the framework does it."""
    path = FUNCTIONS / name / "main.py"
    return (
        f"{libraries(name)}import sys\nfrom importlib import util\n"
        f"spec = util.spec_from_file_location('main', {str(path)!r})\n"
        "sys.modules['main'] = util.module_from_spec(spec)\nspec.loader.exec_module(sys.modules['main'])\n"
        # What the first request needs before anything of it is looked at.
        "import shared.web.services\n"
    )


def too_early(name: str) -> list[str]:
    """Libraries that the function's module loads, and should not."""
    loaded = run(f"{module(name)}print(' '.join(sys.modules))").split()
    return [library for library in LATE if library in loaded and library not in ALSO.get(name, "")]


def main() -> None:
    functions = names()
    least: dict[str, float] = {}
    for _ in range(ROUNDS):
        for code in {*map(libraries, functions), *map(module, functions)}:
            least[code] = min(least.get(code, 60.0), seconds(code))
    print(f"{'':<20}{'libraries':>12}{'module':>12}{'ratio':>8}   (bound {BOUND})")
    for name in functions:
        without, whole = least[libraries(name)], least[module(name)]
        early = too_early(name)
        remarks = ["above the bound"] * (whole / without > BOUND) + [f"loads {', '.join(early)}"] * bool(early)
        figures = f"{without * 1000:>9.0f} ms{whole * 1000:>9.0f} ms{whole / without:>8.2f}"
        print(f"{name:<20}{figures}   {'; '.join(remarks)}".rstrip())


if __name__ == "__main__":
    main()
