#pragma once

#include <deque>
#include <functional>
#include <map>
#include <utility>

#include "base/mail.h"

namespace tocsin::fakes {

/// A MailClient whose server answers what the test says, after no time at all; at first it takes everything.
class FakeMailClient final : public MailClient {
public:
    using Handler = std::function<Result<MailReceipt>(const Mail&)>;

    explicit FakeMailClient(Scheduler& scheduler) : scheduler_(scheduler) {}

    void handle(Handler handler) { handler_ = std::move(handler); }
    const std::deque<Mail>& sent() const { return sent_; }

    MailId send(Mail mail, Done done) override {
        const MailId id = ++last_id_;
        sent_.push_back(std::move(mail));
        under_way_[id] = scheduler_.after(Duration{0}, [this, id, done = std::move(done), index = sent_.size() - 1] {
            under_way_.erase(id);
            done(handler_(sent_[index]));
        });
        return id;
    }

    void cancel(MailId id) override {
        const auto found = under_way_.find(id);
        if (found == under_way_.end()) return;
        scheduler_.cancel(found->second);
        under_way_.erase(found);
    }

private:
    Scheduler& scheduler_;
    Handler handler_ = [](const Mail&) { return MailReceipt{}; };
    std::deque<Mail> sent_;
    std::map<MailId, Scheduler::TaskId> under_way_;
    MailId last_id_ = 0;
};

}  // namespace tocsin::fakes
