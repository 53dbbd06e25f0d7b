# SPDX-License-Identifier: Apache-2.0
"""docs/kubernetes.md and examples/kubernetes agree with each other and with the project, as far as
that shows without containers."""
import re
import shlex
import subprocess

import pytest
import yaml

from harness import build, documents, packages
from harness.stekd import check_config

FOLDER = build.REPOSITORY / "examples/kubernetes"
DOCUMENT = "docs/kubernetes.md"
KINDS = {
    "stekd.yaml": ["Namespace", "ConfigMap", "DaemonSet"],
    "nginx.yaml": ["Namespace", "ConfigMap", "Deployment"],
    "fleet-patch.yaml": [None],
}
# One of the packages that stekd's asks for, in an image without systemd. It conflicts with systemd,
# so it is in no list of what a machine for tests needs.
INSTEAD_OF_SYSTEMD = "systemd-standalone-sysusers"
SEPARATORS = re.compile(r"&&|\|\||[;|]")
PROGRAMS = {"stek": build.COMMAND, "stekd": build.DAEMON, "/usr/sbin/stekd": build.DAEMON}


def objects(name):
    return list(yaml.safe_load_all((FOLDER / name).read_text()))


def pod(name):
    """The pod of the manifest's last object."""
    return objects(name)[-1]["spec"]["template"]["spec"]


def data(name):
    return objects(name)[1]["data"]


def containerfile():
    return (FOLDER / "Containerfile").read_text().replace("\\\n", " ")


def stage(name):
    """The lines of one image."""
    return re.search(rf"^FROM \S+ AS {name}\n(.*?)(?=^FROM|\Z)", containerfile(), re.M | re.S)[1]


def containers(name):
    return pod(name).get("initContainers", []) + pod(name)["containers"]


def commands_of_manifests():
    """What is started in a container or asks whether one is well, as lists of words."""
    for container in containers("stekd.yaml") + containers("nginx.yaml"):
        yield container["command"]
        for probe in ("readinessProbe", "livenessProbe"):
            if "exec" in container.get(probe, {}):
                yield container[probe]["exec"]["command"]


def typed():
    """What the document has its reader type: blocks, and words that stand in code."""
    text = (build.REPOSITORY / DOCUMENT).read_text()
    inline = re.findall(r"`([^`]+)`", documents.BLOCK.sub("", text))
    return documents.BLOCK.findall(text) + [" ".join(words.split()) for words in inline]


def calls_of_stek():
    """Each call of stek and stekd in manifests and in the document, as a list of words."""
    for text in [shlex.join(words) for words in commands_of_manifests()] + typed():
        for line in text.splitlines():
            words = line.rpartition(" -- ")[2].replace("'", " ").replace("sh -c", "")
            for part in SEPARATORS.split(words):
                call = part.split()
                if len(call) > 1 and call[0] in PROGRAMS:
                    yield call


@pytest.mark.parametrize("name", KINDS)
def test_manifests_have_their_kinds(name):
    assert [manifest.get("kind") for manifest in objects(name)] == KINDS[name]


def test_each_file_is_named_in_the_document():
    text = (build.REPOSITORY / DOCUMENT).read_text()
    assert [path.name for path in FOLDER.iterdir() if path.name not in text] == []


def test_what_the_document_quotes_stands_in_a_file():
    files = [path.read_text() for path in FOLDER.iterdir()]
    quotes = [
        block
        for block in documents.BLOCK.findall((build.REPOSITORY / DOCUMENT).read_text())
        if block.startswith(" ")
    ]
    assert len(quotes) >= 4
    assert [quote for quote in quotes if not any(quote in file for file in files)] == []


def test_files_that_the_document_names_are_there():
    text = (build.REPOSITORY / DOCUMENT).read_text()
    named = set(re.findall(r"examples/kubernetes/[A-Za-z.-]*\w", text + containerfile()))
    assert named and [name for name in named if not (build.REPOSITORY / name).exists()] == []


def test_commands_have_the_options_that_are_used():
    calls = list(calls_of_stek())
    assert {"status", "openssl-cnf", "fleet"} <= {words[1] for words in calls}
    for words in calls:
        command = words[1:2] if words[0] == "stek" else []
        done = subprocess.run(
            [PROGRAMS[words[0]], *command, "--help"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, words
        options = [word.partition("=")[0] for word in words if word.startswith("--")]
        assert [option for option in options if f"{option} " not in done.stdout] == [], words


def test_the_configuration_of_stekd_is_sound_with_the_groups_of_the_image(folder):
    """A name that this machine has stands for the groups that the image makes."""
    text = data("stekd.yaml")["stekd.conf"]
    group = re.search(r"^group = (\S+)$", text, re.M)[1]
    assert f"groupadd --gid 7301 {group} " in stage("stekd")
    assert "admin_group = stek\n" in text and "groupadd --gid 7300 stek " in stage("stekd")
    named = re.sub(r"group = \S+", "group = root", text)
    status, said = check_config(folder, named, "--run-dir", "/dev/shm/none")
    assert (status, said) == (0, "")


def test_numbers_of_users_and_groups_are_the_same_everywhere():
    keeper, server = pod("stekd.yaml")["securityContext"], pod("nginx.yaml")["securityContext"]
    assert "groupadd --gid 7300 stek " in stage("stekd")
    assert "useradd --uid 7300 --gid stek " in stage("stekd")
    assert (keeper["runAsUser"], keeper["runAsGroup"]) == (7300, 7300)
    assert keeper["supplementalGroups"] == server["supplementalGroups"] == [7301]
    assert pod("stekd.yaml")["initContainers"][0]["command"][:2] == ["chown", "7300:7300"]
    assert pod("stekd.yaml")["containers"][0]["image"] == "stekd"
    patch = objects("fleet-patch.yaml")[0]["spec"]["template"]["spec"]
    assert patch["securityContext"]["fsGroup"] == 7300
    assert patch["containers"][0]["name"] == pod("stekd.yaml")["containers"][0]["name"]


@pytest.mark.parametrize("name", ["stekd.yaml", "nginx.yaml"])
def test_nobody_who_serves_is_root_or_has_a_capability(name):
    context = pod(name)["securityContext"]
    assert context["runAsNonRoot"] and context["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod(name)["containers"]:
        own = container["securityContext"]
        assert own["capabilities"] == {"drop": ["ALL"]} and "runAsUser" not in own
        assert own["readOnlyRootFilesystem"] and not own["allowPrivilegeEscalation"]


@pytest.mark.parametrize("name", ["stekd.yaml", "nginx.yaml"])
def test_each_mount_has_its_volume(name):
    volumes = {volume["name"] for volume in pod(name)["volumes"]}
    for container in containers(name):
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
    maps = [v["configMap"]["name"] for v in pod(name)["volumes"] if "configMap" in v]
    assert maps == [objects(name)[1]["metadata"]["name"]]


def test_a_server_writes_to_its_counters_only():
    volumes = {volume["name"]: volume for volume in pod("nginx.yaml")["volumes"]}
    ring = re.search(r'^ring = "(\S+)"$', data("nginx.yaml")["stek.cnf"], re.M)[1]
    assert f"[ring {ring}]" in data("stekd.yaml")["stekd.conf"]
    writable = {
        mount["mountPath"]: volumes[mount["name"]].get("hostPath", {}).get("path")
        for mount in pod("nginx.yaml")["containers"][0]["volumeMounts"]
        if not mount.get("readOnly")
    }
    counters = f"/run/stek/{ring}.stats"
    assert writable == {counters: counters, "/tmp": None}


def test_the_settings_are_what_stek_prints(folder):
    """As in the image, but for the path of the module and of the system's own file."""
    text = data("nginx.yaml")["stek.cnf"]
    path = re.search(r"^path = (\S+)$", text, re.M)[1]
    done = subprocess.run(
        [build.COMMAND, "openssl-cnf", "--ring", "web", "--module", build.MODULE]
        + ["--system", re.search(r"^\.include (\S+)$", text, re.M)[1]],
        capture_output=True,
        text=True,
        check=True,
    )
    printed = [line for line in done.stdout.splitlines() if not line.startswith("#")]
    assert "\n".join(printed).strip().replace(str(build.MODULE), path) == text.strip()


def test_an_image_starts_what_its_manifest_starts():
    for name in "stekd", "nginx":
        start = yaml.safe_load(re.search(r"^CMD (.*)$", stage(name), re.M)[1])
        assert pod(f"{name}.yaml")["containers"][0]["command"][: len(start)] == start


def test_images_get_packages_that_the_project_makes_or_lists():
    listed = (build.REPOSITORY / "packaging/debian-packages.txt").read_text()
    copied = re.findall(r"/packages/([a-z0-9-]+)_\*\.deb", containerfile())
    assert copied and set(copied) <= set(packages.NAMES)
    for line in re.findall(r"apt-get install (.*?) &&", containerfile()):
        for word in line.split():
            if not word.startswith(("-", "/packages/")) and word != INSTEAD_OF_SYSTEMD:
                assert re.search(rf"^\S+ +{re.escape(word)}( |$)", listed, re.M), word


def test_the_build_runs_files_and_groups_of_the_project():
    runs = re.findall(r"^RUN /src/(\S+) (.*)$", stage("build"), re.M)
    assert [path for path, _ in runs] == ["packaging/install-packages", "packaging/make-deb"]
    listed = (build.REPOSITORY / "packaging/debian-packages.txt").read_text()
    groups = {g for line in re.findall(r"^(\S+) +\S", listed, re.M) for g in line.split(",")}
    assert set(runs[0][1].split()) <= groups
    assert all((build.REPOSITORY / path).exists() for path, _ in runs)
