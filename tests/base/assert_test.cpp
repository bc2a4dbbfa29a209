#include "base/assert.h"

#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include "tests/catch.h"

namespace tocsin {

TEST_CASE("a broken invariant ends the process", "[base][assert]") {
    const pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        std::signal(SIGABRT, SIG_DFL);  // the test framework would report it as a failure of this test
        TOCSIN_ASSERT(1 + 1 == 3);
        _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGABRT);
}

}  // namespace tocsin
