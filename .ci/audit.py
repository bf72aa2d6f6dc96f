"""`python .ci/audit.py PIP-AUDIT`: known vulnerabilities of the locked versions; status 1 if there are any.

pip-audit passes packages that its database does not know, and also passes when the database answers nothing.
This script distinguishes the two.
"""

import json
import subprocess
import sys
from typing import Any

FILES = ("locked/environment.txt", "locked/torch.txt", "locked/tools.txt")
SERVICES = ("pypi", "osv")  # two addresses of one database
CONNECT_S = 10


def main(program: str) -> int:
    """Ask each service in turn until one answers.

    Returns:
        The status: 1 if a vulnerability is known, otherwise 0, also when no database can be reached.
    """
    packages = next(filter(None, (_answer(program, service) for service in SERVICES)), [])
    if not packages:
        print("note: no vulnerability database can be reached from here, so nothing was audited")
        return 0
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if unknown:
        print(f"note: not in the database: {', '.join(unknown)}")
    found = [(package, known) for package in packages for known in package.get("vulns", [])]
    for package, known in found:
        fixed = ", ".join(known["fix_versions"]) or "no version yet"
        print(f"error: {package['name']} {package['version']}: {known['id']}, fixed in {fixed}: make lock")
    print(f"{len(packages) - len(unknown)} packages audited, {len(found)} vulnerabilities known")
    return 1 if found else 0


def _answer(program: str, service: str) -> list[dict[str, Any]]:
    """What a service knows about each package; empty when it was not reached."""
    files = [word for path in FILES for word in ("-r", path)]
    options = ["--disable-pip", "--require-hashes", "--format", "json", "--progress-spinner", "off"]
    command = [program, "--vulnerability-service", service, "--timeout", str(CONNECT_S), *options, *files]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except ValueError:  # it ended with an error
        return []
    return packages if any("skip_reason" not in package for package in packages) else []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
