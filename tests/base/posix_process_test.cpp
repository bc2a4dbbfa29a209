#include "base/posix_process.h"

#include <string>

#include "tests/catch.h"

namespace tocsin {
namespace {

TEST_CASE("a program is given its words as they are, and what it says is heard", "[base][posix_process]") {
    const auto outcome = run_program({"printf", "%s|", "a b", "$HOME", "';*"});
    REQUIRE(outcome);
    CHECK(outcome->code == 0);
    CHECK(outcome->output == "a b|$HOME|';*|");
    CHECK(outcome->errors.empty());
}

TEST_CASE("how a program ends is told", "[base][posix_process]") {
    const auto failed = run_program({"sh", "-c", "echo out; echo err >&2; cat; exit 7"});
    REQUIRE(failed);
    CHECK(failed->code == 7);
    CHECK(failed->output == "out\n");
    CHECK(failed->errors == "err\n");
    CHECK(run_program({"sh", "-c", "kill -9 $$"})->code == 137);
    CHECK(run_program({"sh", "-c", "echo $LC_ALL"})->output == "C\n");
}

TEST_CASE("a program that is not there, or says too much, is an error", "[base][posix_process]") {
    const auto missing = run_program({"tocsin-no-such-program"});
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == Error::Kind::NotFound);
    const auto endless = run_program({"yes"}, 100'000);
    REQUIRE_FALSE(endless);
    CHECK(endless.error().kind == Error::Kind::LimitExceeded);
}

TEST_CASE("a program may say much on both sides at once", "[base][posix_process]") {
    const auto outcome = run_program({"sh", "-c", "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2"});
    REQUIRE(outcome);
    CHECK(outcome->output.size() == 300'000);
    CHECK(outcome->errors.size() == 300'000);
}

}  // namespace
}  // namespace tocsin
