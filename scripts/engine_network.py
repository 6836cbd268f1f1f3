"""What a Docker engine changes in this machine's network, kept so that it can be undone."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
FORWARDING = ("/proc/sys/net/ipv4/ip_forward",)
BUILT_IN = {"filter": ("INPUT", "FORWARD", "OUTPUT"), "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING")}


class SavedNetwork:
    """Rules, links and forwarding as they were before an engine, in a folder.

    Args:
        folder: is there only between :meth:`save` and :meth:`restore`.
    """

    def __init__(self, folder: Path) -> None:
        self._saved = folder

    def save(self) -> None:
        """Rules and forwarding as they were; a daemon that was killed left its own, which are not saved again."""
        if self._saved.exists():
            return
        staged = self._saved.with_suffix(".new")
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir()
        for program in ("iptables", "ip6tables"):
            rules = subprocess.run([f"{program}-save"], env={"PATH": SYSTEM_PATH}, capture_output=True, check=True)
            (staged / program).write_bytes(rules.stdout)
        (staged / "links").write_text(" ".join(name for _, name in socket.if_nameindex()), "utf-8")
        for name in FORWARDING:
            (staged / Path(name).name).write_text(Path(name).read_text("utf-8"), "utf-8")
        staged.rename(self._saved)

    def restore(self) -> None:
        """As they were; nothing, where nothing was saved. No engine may run: the rules would be its own by now."""
        if not self._saved.exists():
            return
        before = (self._saved / "links").read_text("utf-8").split()
        for _, link in socket.if_nameindex():
            if link not in before and (link == "docker0" or link.startswith("br-")):
                subprocess.run(["ip", "link", "delete", link], check=False)
        for program in ("iptables", "ip6tables"):
            for table, chains in BUILT_IN.items():
                for change in (["-F"], ["-X"], *(["-P", chain, "ACCEPT"] for chain in chains)):
                    subprocess.run(
                        [program, "-t", table, *change], env={"PATH": SYSTEM_PATH}, capture_output=True, check=False
                    )
            rules = (self._saved / program).read_bytes()
            subprocess.run([f"{program}-restore"], env={"PATH": SYSTEM_PATH}, input=rules, check=True)
        for name in FORWARDING:
            Path(name).write_text((self._saved / Path(name).name).read_text("utf-8"), "utf-8")
        shutil.rmtree(self._saved)


def default_mtu() -> int:
    """Bytes that one packet may have on the way out of this machine; 1500 where no way is known."""
    for line in Path("/proc/net/route").read_text("utf-8").splitlines()[1:]:
        device, destination = line.split()[:2]
        if int(destination, 16) == 0:
            return int(Path("/sys/class/net", device, "mtu").read_text("utf-8"))
    return 1500
