#include "daemon/password_check.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/password_hash.h"

namespace tocsin {
namespace {

constexpr std::size_t kVerdictsMax = 100;
constexpr std::size_t kQuestionsMax = 100;

}  // namespace

void PasswordCheck::check(const Secret& password, const Secret& hash, Done done) {
    std::string digest = sha256_hex(fmt::format("{}:{}", hash.reveal(), password.reveal()));
    const auto known =
        std::find_if(verdicts_.begin(), verdicts_.end(), [&](const auto& v) { return v.first == digest; });
    if (known != verdicts_.end()) return done(known->second ? Verdict::Right : Verdict::Wrong);
    const auto asked =
        std::find_if(questions_.begin(), questions_.end(), [&](const auto& q) { return q.digest == digest; });
    if (asked != questions_.end()) return asked->asking.push_back(std::move(done));
    if (questions_.size() >= kQuestionsMax) return done(Verdict::Overloaded);
    questions_.push_back({std::move(digest), password, hash, {}});
    questions_.back().asking.push_back(std::move(done));
    if (questions_.size() == 1) work_on_first();
}

void PasswordCheck::work_on_first() {
    const auto right = std::make_shared<bool>(false);
    executor_.run([right, password = questions_.front().password,
                   hash = questions_.front().hash] { *right = matches_bcrypt(password, hash.reveal()); },
                  [this, right, alive = std::weak_ptr<bool>(alive_)] {
                      if (!alive.expired()) answer_first(*right);
                  });
}

void PasswordCheck::answer_first(bool right) {
    Question answered = std::move(questions_.front());
    questions_.pop_front();
    if (verdicts_.size() == kVerdictsMax) verdicts_.pop_front();
    verdicts_.emplace_back(std::move(answered.digest), right);
    if (!questions_.empty()) work_on_first();
    for (const Done& done : answered.asking) done(right ? Verdict::Right : Verdict::Wrong);
}

}  // namespace tocsin
