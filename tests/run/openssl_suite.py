# SPDX-License-Identifier: Apache-2.0
"""OpenSSL's own sslapitest and ssl_test, unchanged from Debian's source, plain and with the
module."""

import re

from command import run
from outcome import Outcome, failure
from private_apt import PrivateApt

# What passes plain and not with stek, and why. What passes again has to leave the list.
NAME = "a ticket is for the server name of its session (RFC 6066 section 3)"
EXPECTED = {
    "sslapitest: test_early_data_replay 2": NAME,
    "sslapitest: test_servername 3": NAME,
    "sslapitest: test_servername 4": NAME,
    "sslapitest: test_servername 5": NAME,
    "sslapitest: test_servername 8": NAME,
    "sslapitest: test_servername 9": NAME,
    "sslapitest: test_servername 10": NAME,
    "sslapitest: test_ticket_lifetime 1": "no ticket promises longer than its key lives",
}
# What the module rightly says: sslapitest turns OpenSSL's protection from replays off.
SAID = {
    "stek: the program accepts early data without asking stek: it may be a replay;"
    " see early_data in stek-openssl(5)"
}
SUBTEST = re.compile(r"# Subtest: (\w+)")
RESULT = re.compile(r"\s*(ok|not ok) \d+ - (?:iteration (\d+)|(\w+))$")
ERROR = "# ERROR:"
# ssl_test compares the ticket appdata of each session, also where it has set none: there it finds
# stek's. An iteration in which nothing else is wrong counts as passed.
APPDATA = "result->result_session_ticket_app_data == test_ctx->expected_session_ticket_app_data"
OF_STEK = re.compile(r"#\s+0:- 'stk")


def system_version():
    """The version of Debian's openssl package and the release's name."""
    version = run(["dpkg-query", "-W", "-f", "${Version}", "openssl"], "/")[1].strip()
    return version, run(["sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME"], "/")[1].strip()


def build(folder):
    """(source, build folder, what went wrong); nothing is done where all is there already."""
    version, suite = system_version()
    source = PrivateApt(folder, suite, "deb-src", security=True).source("openssl", version)
    made = folder / "openssl-suite"
    if (made / "test" / "ssl_test").exists():
        return source, made, ""
    made.mkdir(parents=True, exist_ok=True)
    script = (
        f"perl {source}/Configure shared enable-unit-test no-ssl3 no-ssl3-method"
        " && make -j2 build_generated"
        " && make -j2 libcrypto.so libssl.so engines/dasync.so test/sslapitest test/ssl_test"
    )
    status, output = run(["sh", "-c", script], made, limit_s=3000)
    return source, made, output if status != 0 else ""


def commands(source):
    """A name and a command for each program run."""
    tests = source / "test"
    data = tests / "recipes" / "90-test_sslapi_data"
    common = [tests / "certs", data / "passwd.txt", "sslapitest.tmp", "default"]
    yield "sslapitest", ["test/sslapitest", *common, tests / "default.cnf", data / "dhparams.pem"]
    for conf in sorted((tests / "ssl-tests").glob("*.cnf")):
        yield conf.stem, ["test/ssl_test", conf, "default", tests / "default.cnf"]


def only_appdata(lines):
    """Whether nothing but stek's ticket appdata is wrong in a case that failed."""
    errors = [line for line in lines if ERROR in line]
    seen = sum(bool(OF_STEK.search(line)) for line in lines)
    return 0 < len(errors) == seen and all(APPDATA in line for line in errors)


def cases(output):
    """{name of a case or "subtest iteration": whether it passed} of one program's output."""
    found, subtest, lines = {}, "", []
    for line in output.splitlines():
        begins, result = SUBTEST.search(line), RESULT.match(line)
        if begins:
            subtest = begins.group(1)
        elif result and result.group(2):
            passed = result.group(1) == "ok" or only_appdata(lines)
            found[f"{subtest} {result.group(2)}"] = passed
        elif result and result.group(3) != subtest:  # the end of a subtest says nothing new
            found[result.group(3)] = result.group(1) == "ok"
        lines = [] if begins or result else [*lines, line]
    return found


def results(source, made, conf):
    """The names of all cases that passed, and those lines that the module wrote."""
    env = {
        "LD_LIBRARY_PATH": made,
        "OPENSSL_ENGINES": made / "engines",
        "OPENSSL_MODULES": made / "providers",
        "TEST_CERTS_DIR": source / "test" / "certs",
        "CTLOG_FILE": source / "test" / "ct" / "log_list.cnf",
        "OPENSSL_CONF": conf,
    }
    env = {name: str(value) for name, value in env.items()}
    passed, said = set(), []
    for name, argv in commands(source):
        output = run(argv, made, env)[1]
        said += [line for line in output.splitlines() if line.startswith("stek:")]
        passed |= {f"{name}: {case}" for case, is_ok in cases(output).items() if is_ok}
    return passed, said


def suite(builds):
    """Each case that passes plain has to pass with stek, or to stand in EXPECTED."""
    module = builds.get("build") / "src/tls/module/stek.so"
    source, made, problem = build(builds.get("build") / "archive")
    if problem:
        return failure("OpenSSL's tests: the build", problem)
    plain, loaded = made / "plain.cnf", made / "stek.cnf"
    plain.write_text("openssl_conf = init\n[init]\n")
    loaded.write_text(f"openssl_conf = init\n[init]\nstek = stek\n[stek]\npath = {module}\n")
    before, _ = results(source, made, plain)
    after, said = results(source, made, loaded)
    outcome = Outcome(passed=len(before & after), figures=[f"{len(before)} cases pass plain"])
    for case in sorted((before - after) ^ set(EXPECTED)):
        outcome.add(failure(f"OpenSSL's tests: {case}", "differs from what EXPECTED lists"))
    if not before:
        outcome.add(failure("OpenSSL's tests: no case passed plain", ""))
    for line in sorted(set(said) ^ SAID):
        outcome.add(failure("OpenSSL's tests: what the module says", line))
    return outcome
