#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/secret.h"
#include "base/time.h"

namespace tocsin {

/// Compares passwords with bcrypt hashes, one after the other on another thread, since each takes 50 ms and more.
///
/// What was right is remembered for each user, and passes at once whatever else is asked. Of what was wrong the last
/// hundred are remembered, so that a client with an old password costs nothing. Of one address eight may wait, of all
/// a hundred. Scheduler's thread.
class PasswordCheck {
public:
    struct Attempt {
        std::string user;
        bool is_user = true;  // otherwise it is wrong, and takes its time: time must not tell names
        Secret password, hash;
        std::string remote_address;
    };
    enum class Verdict { Right, Wrong, Overloaded };
    using Done = std::function<void(Verdict)>;

    /// `executor` must outlive this.
    explicit PasswordCheck(Executor& executor) : executor_(executor) {}
    PasswordCheck(const PasswordCheck&) = delete;
    PasswordCheck& operator=(const PasswordCheck&) = delete;

    /// `done` is called at once when the verdict is known or too many wait, otherwise later; never after the
    /// destructor.
    void check(Attempt attempt, Done done);

    /// Forgets what was right: the users have changed.
    void forget() { right_.clear(); }

private:
    struct Question {
        Attempt attempt;
        std::string digest;
        std::vector<Done> asking;
    };

    bool is_full_for(const std::string& remote_address) const;
    void work_on_first();
    void answer_first(bool right);

    Executor& executor_;
    std::deque<Question> questions_;            // the first is worked on
    std::map<std::string, std::string> right_;  // digests by user
    std::deque<std::string> wrong_;             // digests, the latest last
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace tocsin
