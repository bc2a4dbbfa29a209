#include "daemon/password_check.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/digest.h"
#include "base/password_hash.h"

namespace tocsin {
namespace {

constexpr std::size_t kWrongMax = 100;
constexpr std::size_t kQuestionsMax = 100;
constexpr std::ptrdiff_t kQuestionsOfAddressMax = 8;

// Of the name, too: whether one is known must not show in what is remembered.
std::string digest_of_attempt(const PasswordCheck::Attempt& attempt) {
    return sha256_hex(sha256_hex(attempt.user) + sha256_hex(attempt.hash.reveal()) +
                      sha256_hex(attempt.password.reveal()));
}

}  // namespace

void PasswordCheck::check(Attempt attempt, Done done) {
    std::string digest = digest_of_attempt(attempt);
    const auto right = right_.find(attempt.user);
    if (right != right_.end() && right->second == digest) return done(Verdict::Right);
    if (std::find(wrong_.begin(), wrong_.end(), digest) != wrong_.end()) return done(Verdict::Wrong);
    const auto asked =
        std::find_if(questions_.begin(), questions_.end(), [&](const Question& q) { return q.digest == digest; });
    if (asked != questions_.end()) return asked->asking.push_back(std::move(done));
    if (is_full_for(attempt.remote_address)) return done(Verdict::Overloaded);
    questions_.push_back({std::move(attempt), std::move(digest), {}});
    questions_.back().asking.push_back(std::move(done));
    if (questions_.size() == 1) work_on_first();
}

bool PasswordCheck::is_full_for(const std::string& remote_address) const {
    const auto same = std::count_if(questions_.begin(), questions_.end(), [&](const Question& question) {
        return question.attempt.remote_address == remote_address;
    });
    return questions_.size() >= kQuestionsMax || same >= kQuestionsOfAddressMax;
}

void PasswordCheck::work_on_first() {
    const auto right = std::make_shared<bool>(false);
    const Attempt& attempt = questions_.front().attempt;
    executor_.run(
        [right, password = attempt.password, hash = attempt.hash] { *right = matches_bcrypt(password, hash.reveal()); },
        [this, right, alive = std::weak_ptr<bool>(alive_)] {
            if (!alive.expired()) answer_first(*right);
        });
}

void PasswordCheck::answer_first(bool right) {
    Question answered = std::move(questions_.front());
    questions_.pop_front();
    right = right && answered.attempt.is_user;
    if (right) {
        right_[answered.attempt.user] = std::move(answered.digest);
    } else {
        if (wrong_.size() == kWrongMax) wrong_.pop_front();
        wrong_.push_back(std::move(answered.digest));
    }
    if (!questions_.empty()) work_on_first();
    for (const Done& done : answered.asking) done(right ? Verdict::Right : Verdict::Wrong);
}

}  // namespace tocsin
