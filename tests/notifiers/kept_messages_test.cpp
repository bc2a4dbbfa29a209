#include "notifiers/kept_messages.h"

#include <string>
#include <vector>

#include "base/virtual_scheduler.h"
#include "tests/catch.h"

using namespace tocsin;

namespace {

/// Sends `count` requests one after the other, as one attempt, and keeps which ones were found at its end.
struct Attempt {
    Attempt(KeptMessages& to, std::string with, int requests) : receivers(to), name(std::move(with)), left(requests) {}

    void send_next() {
        HttpRequest request;
        request.url = name + std::to_string(left--);
        HttpEvents events;
        events.verdict = [this](const Result<HttpResponse>& verdict) {
            status = verdict ? verdict->status : 0;
            if (left > 0) return send_next();
            for (const HttpRequest& message : receivers.take()) found.push_back(message.url);
        };
        id = receivers.send(std::move(request), std::move(events));
    }

    KeptMessages& receivers;
    std::string name;
    int left;
    int status = 0;
    std::uint64_t id = 0;
    std::vector<std::string> found;
};

}  // namespace

TEST_CASE("requests are kept apart by attempt, whatever order they come in", "[notifiers][kept-messages]") {
    VirtualScheduler scheduler;
    KeptMessages receivers(scheduler);
    Attempt a(receivers, "a", 3), b(receivers, "b", 1), c(receivers, "c", 2);
    a.send_next();
    b.send_next();
    c.send_next();
    CHECK(a.status == 0);  // no answer before send() has returned
    scheduler.settle();
    CHECK(a.found == std::vector<std::string>{"a3", "a2", "a1"});
    CHECK(b.found == std::vector<std::string>{"b1"});
    CHECK(c.found == std::vector<std::string>{"c2", "c1"});
    CHECK(b.status == 200);
    CHECK(receivers.take().empty());
}

TEST_CASE("an attempt that follows from another one's end begins anew", "[notifiers][kept-messages]") {
    VirtualScheduler scheduler;
    KeptMessages receivers(scheduler);
    Attempt later(receivers, "later", 1);
    std::vector<HttpRequest> first;
    HttpEvents events;
    events.verdict = [&](const Result<HttpResponse>&) {
        first = receivers.take();
        later.send_next();
    };
    HttpRequest request;
    request.url = "first";
    receivers.send(std::move(request), std::move(events));
    scheduler.settle();
    REQUIRE(first.size() == 1);
    CHECK(later.found == std::vector<std::string>{"later1"});
}

TEST_CASE("a cancelled request is never answered", "[notifiers][kept-messages]") {
    VirtualScheduler scheduler;
    KeptMessages receivers(scheduler);
    Attempt a(receivers, "a", 1);
    a.send_next();
    static_cast<HttpClient&>(receivers).cancel(a.id);
    scheduler.settle();
    CHECK(a.status == 0);
}

TEST_CASE("receivers that are gone answer nobody", "[notifiers][kept-messages]") {
    VirtualScheduler scheduler;
    int answers = 0;
    {
        KeptMessages receivers(scheduler);
        HttpEvents events;
        events.verdict = [&](const Result<HttpResponse>&) { ++answers; };
        receivers.send(HttpRequest{}, std::move(events));
        receivers.send(Mail{}, [&](const Result<MailReceipt>&) { ++answers; });
    }
    scheduler.settle();
    CHECK(answers == 0);
}

TEST_CASE("a mail is kept in the shape of a request", "[notifiers][kept-messages]") {
    VirtualScheduler scheduler;
    KeptMessages receivers(scheduler);
    Mail mail;
    mail.host = "smtp.example";
    mail.from = "a@example";
    mail.to = {"b@example", "c@example"};
    mail.content = "Subject: x\r\n\r\ny";
    std::vector<HttpRequest> kept;
    receivers.send(mail, [&](const Result<MailReceipt>& receipt) {
        REQUIRE(receipt);
        kept = receivers.take();
    });
    scheduler.settle();
    REQUIRE(kept.size() == 1);
    CHECK(kept[0].method == "MAIL");
    CHECK(kept[0].url == "from a@example to b@example, c@example by smtp.example:25");
    CHECK(kept[0].body == mail.content);
}
