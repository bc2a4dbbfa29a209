#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "base/time.h"

namespace tocsin {

/// Compares passwords with bcrypt hashes, one after the other on another thread, since each takes 50 ms and more: a
/// flood of wrong ones keeps one thread busy and nobody else. The last hundred verdicts are remembered, by a digest.
/// Scheduler's thread.
class PasswordCheck {
public:
    enum class Verdict { Right, Wrong, Overloaded };
    using Done = std::function<void(Verdict)>;

    /// `executor` must outlive this.
    explicit PasswordCheck(Executor& executor) : executor_(executor) {}
    PasswordCheck(const PasswordCheck&) = delete;
    PasswordCheck& operator=(const PasswordCheck&) = delete;

    /// `done` is called at once when the verdict is known or too many wait, otherwise later; never after the
    /// destructor.
    void check(const Secret& password, const Secret& hash, Done done);

private:
    struct Question {
        std::string digest;
        Secret password, hash;
        std::vector<Done> asking;
    };

    void work_on_first();
    void answer_first(bool right);

    Executor& executor_;
    std::deque<Question> questions_;                     // the first is worked on
    std::deque<std::pair<std::string, bool>> verdicts_;  // by digest, the latest last
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tocsin
