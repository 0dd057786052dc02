"""Checks an evidence bundle with nothing but Python: python3 verify_evidence.py BUNDLE.zip [HEAD noted elsewhere]"""

import hashlib
import json
import sys
import zipfile


def check(path: str, head: str = "") -> "list[str]":
    """Return what is wrong with a bundle, in words; nothing when it is as it was exported."""
    try:
        with zipfile.ZipFile(path) as bundle:
            names = bundle.namelist()
            sums = {name: hashlib.sha256(bundle.read(name)).hexdigest() for name in names}
            manifest, lines = json.loads(bundle.read("manifest.json")), bundle.read("journal.jsonl").split(b"\n")[:-1]
        listed = {name: told["sha256"] for name, told in manifest["files"].items()}
        wrong = [f"{name}: is there more than once" for name in sorted(set(names)) if names.count(name) > 1]
        wrong += [f"{name}: was added" for name in sums if name not in {*listed, "manifest.json", "manifest.sig"}]
        wrong += [f"{name}: was {'changed' if name in sums else 'removed'}" for name in listed if sums.get(name) != listed[name]]
        before = ""
        for number, line in enumerate(lines, start=1):
            event = json.loads(line)  # each names the SHA-256 of the line before; of a removed payload, that of the text it had
            if event["prev"] != before:
                wrong.append(f"journal.jsonl line {number}: does not follow the line before it: one was changed, removed or moved")
            before = event["removed"]["sha256"] if "removed" in event else hashlib.sha256(line).hexdigest()
        ends = {"the manifest": manifest["journal_head"], "the head you gave": head or before}
        return wrong + [f"journal.jsonl: does not end as {who} says" for who, said in ends.items() if said != before]
    except Exception as error:  # noqa: BLE001 - whatever keeps a bundle from being read is a finding too
        return [f"the bundle cannot be read: {type(error).__name__}: {error}"]


if __name__ == "__main__":
    found = check(*sys.argv[1:3]) if len(sys.argv) in (2, 3) else [str(__doc__)]
    print("\n".join(found) or "unchanged: every file as listed, every journal line follows the one before it")  # noqa: T201
    sys.exit(1 if found else 0)
