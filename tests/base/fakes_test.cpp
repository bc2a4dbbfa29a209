#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/virtual_scheduler.h"
#include "tests/catch.h"
#include "tests/fakes/fake_disk.h"
#include "tests/fakes/fake_http.h"
#include "tests/fakes/fake_http_server.h"
#include "tests/fakes/fake_process.h"
#include "tests/fakes/fake_resolver.h"
#include "tests/fakes/recording_log.h"
#include "tests/fakes/recording_sink.h"

using namespace tocsin;
using namespace tocsin::fakes;
using namespace std::chrono_literals;
using Fault = FakeAnswer::Fault;

namespace {

/// What becomes of one request, as a list of `time step`.
struct Course {
    explicit Course(VirtualScheduler& scheduler) : clock(scheduler), start(scheduler.now()) {}

    HttpEvents events(bool streamed = false) {
        HttpEvents all;
        all.connected = [this] { note("connected"); };
        all.headers = [this](int status, const auto&) { note("header " + std::to_string(status)); };
        if (streamed) all.body = [this](std::string_view piece) { note("piece " + std::string(piece)); };
        all.verdict = [this](const Result<HttpResponse>& verdict) {
            note(verdict ? "ok " + std::to_string(verdict->status) + " " + verdict->body : verdict.error().message);
            if (!verdict) kind = verdict.error().kind;
        };
        return all;
    }
    void note(const std::string& step) { steps.push_back(std::to_string((clock.now() - start).count()) + " " + step); }

    VirtualScheduler& clock;
    Timestamp start;
    std::vector<std::string> steps;
    std::optional<Error::Kind> kind;
};

HttpRequest to(const std::string& url) {
    HttpRequest request;
    request.url = url;
    return request;
}

ServerResponse answer(int status, std::string body = {}) {
    ServerResponse response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

using Steps = std::vector<std::string>;

}  // namespace

TEST_CASE("a request goes through its steps in virtual time", "[base][fakes]") {
    VirtualScheduler clock;
    FakeHttpClient client(clock);
    FakeAnswer answer = FakeAnswer::with_status(201).after(20ms);
    answer.connect_delay = 10ms;
    answer.piece_delay = 5ms;
    answer.pieces = {"a", "b"};
    client.always("http://x/", answer);

    const bool streamed = GENERATE(false, true);
    Course course(clock);
    client.send(to("http://x/"), course.events(streamed));
    CHECK(course.steps.empty());
    clock.advance(1s);
    if (streamed) {
        CHECK(course.steps == Steps{"10 connected", "30 header 201", "35 piece a", "40 piece b", "40 ok 201 "});
    } else {
        CHECK(course.steps == Steps{"10 connected", "30 header 201", "40 ok 201 ab"});
    }
    CHECK(client.in_flight() == 0);
    REQUIRE(client.sent().size() == 1);
    CHECK(client.sent()[0].at == course.start);
    CHECK(client.sent()[0].request.url == "http://x/");
}

TEST_CASE("a request fails at the step where its server does", "[base][fakes]") {
    struct Case {
        Fault fault;
        Steps want;
        Error::Kind kind;
    };
    const auto [fault, want, kind] = GENERATE(values<Case>({
        {Fault::Refused, {"0 connect: connection refused"}, Error::Kind::Unavailable},
        {Fault::Reset, {"0 connected", "0 header: connection reset by peer"}, Error::Kind::Unavailable},
        {Fault::CutShort,
         {"0 connected", "0 header 200", "0 body: unexpected end of the answer"},
         Error::Kind::Unavailable},
        {Fault::NeverOpens, {"10000 connect: timed out after 10s"}, Error::Kind::Timeout},
        {Fault::NeverAnswers, {"0 connected", "10000 header: timed out after 10s"}, Error::Kind::Timeout},
        {Fault::NeverEnds, {"0 connected", "0 header 200", "10000 body: timed out after 10s"}, Error::Kind::Timeout},
    }));
    VirtualScheduler clock;
    FakeHttpClient client(clock);
    client.always("http://x/", FakeAnswer::fails(fault));
    Course course(clock);
    client.send(to("http://x/"), course.events());
    clock.advance(1min);
    CHECK(course.steps == want);
    CHECK(course.kind == kind);
    CHECK(client.in_flight() == 0);
}

TEST_CASE("an answer beyond the limit fails", "[base][fakes]") {
    VirtualScheduler clock;
    FakeHttpClient client(clock);
    client.always("http://x/", FakeAnswer::ok("12345"));
    HttpRequest request = to("http://x/");
    request.answer_bytes_max = 4;
    Course course(clock);
    client.send(request, course.events());
    clock.settle();
    CHECK(course.kind == Error::Kind::LimitExceeded);
}

TEST_CASE("a cancelled request says nothing more", "[base][fakes]") {
    VirtualScheduler clock;
    FakeHttpClient client(clock);
    client.always("http://x/", FakeAnswer::ok("body").after(10ms));
    Course course(clock);
    const auto id = client.send(to("http://x/"), course.events());
    clock.advance(5ms);
    client.cancel(id);
    client.cancel(id);
    clock.advance(1min);
    CHECK(course.steps == Steps{"0 connected"});
    CHECK(client.sent()[0].cancelled);
    CHECK(client.in_flight() == 0);
}

TEST_CASE("a request may be cancelled from within any of its events", "[base][fakes]") {
    VirtualScheduler clock;
    FakeHttpClient client(clock);
    client.always("http://x/", FakeAnswer::ok("body"));
    const int event = GENERATE(0, 1, 2);
    bool verdict = false;
    HttpClient::RequestId id = 0;
    HttpEvents events;
    events.connected = [&] {
        if (event == 0) client.cancel(id);
    };
    events.headers = [&](int, const auto&) {
        if (event == 1) client.cancel(id);
    };
    events.body = [&](std::string_view) {
        if (event == 2) client.cancel(id);
    };
    events.verdict = [&](const Result<HttpResponse>&) { verdict = true; };
    id = client.send(to("http://x/"), events);
    clock.advance(1min);
    CHECK(!verdict);
    CHECK(client.in_flight() == 0);
}

TEST_CASE("answers are chosen by URL, then by the handler, and unknown servers refuse", "[base][fakes]") {
    VirtualScheduler clock;
    FakeHttpClient client(clock);
    client.once("http://a/", FakeAnswer::with_status(500));
    client.once("http://a/", FakeAnswer::with_status(429));
    client.always("http://a/", FakeAnswer::with_status(200));
    Course course(clock);
    for (int i = 0; i < 4; ++i) {
        HttpEvents only_verdict;
        only_verdict.verdict = course.events().verdict;
        client.send(to("http://a/"), only_verdict);
        clock.settle();
    }
    CHECK(course.steps == Steps{"0 ok 500 ", "0 ok 429 ", "0 ok 200 ", "0 ok 200 "});

    client.send(to("http://b/"), course.events());
    clock.settle();
    CHECK(course.steps.back() == "0 connect: connection refused");
    client.handle([](const HttpRequest& request) { return FakeAnswer::ok(request.url); });
    client.send(to("http://b/"), course.events());
    clock.settle();
    CHECK(course.steps.back() == "0 ok 200 http://b/");
}

TEST_CASE("a server answers what a test asks", "[base][fakes]") {
    VirtualScheduler clock;
    FakeHttpServer server(clock);
    CHECK(!server.get("/").has_value());
    const auto address = server.listen("127.0.0.1:0", [&](ServerRequest request, HttpServer::Respond respond) {
        if (request.path == "/slow") {
            clock.after(2s, [respond] { respond(answer(204)); });
            return;
        }
        const auto host = find_header(request.headers, "host");
        respond(answer(200, request.method + " " + request.path + "?" + request.query + " " + std::string(host)));
    });
    CHECK(address == "127.0.0.1:40000");
    CHECK(server.get("/a%20b?q=%20")->body == "GET /a b?q=%20 127.0.0.1:40000");
    CHECK(server.post("/x", "{}")->body == "POST /x? 127.0.0.1:40000");

    const auto reply = server.start({.target = "/slow"});
    clock.advance(1s);
    CHECK(!reply->has_value());
    bool drained = false;
    server.drain([&] { drained = true; });
    clock.settle();
    CHECK(!drained);
    CHECK(!server.get("/").has_value());
    clock.advance(1s);
    CHECK((*reply)->status == 204);
    CHECK(drained);
}

TEST_CASE("an occupied address cannot be listened on", "[base][fakes]") {
    VirtualScheduler clock;
    FakeHttpServer server(clock);
    server.occupy();
    CHECK(server.listen("127.0.0.1:9099", {}).error().message ==
          "listen tcp 127.0.0.1:9099: bind: address already in use");
}

TEST_CASE("signals and changes of files reach those who asked", "[base][fakes]") {
    VirtualScheduler clock;
    std::string seen;
    FakeSignals signals(clock);
    signals.on(Signal::Hangup, [&] { seen += "hup "; });
    signals.raise(Signal::Hangup);
    signals.raise(Signal::Terminate);
    CHECK(seen.empty());
    clock.settle();
    CHECK(seen == "hup ");

    FakeFileWatch watch(clock);
    watch.watch({"conf/a.yml"}, [&] { seen += "a "; });
    const auto folder = watch.watch({"conf"}, [&] { seen += "conf "; });
    watch.change("conf/a.yml");
    watch.change("conf/b.yml");
    watch.change("other/a.yml");
    clock.settle();
    CHECK(seen == "hup a conf conf ");
    watch.change("conf/b.yml");
    watch.cancel(folder);
    clock.settle();
    CHECK(seen == "hup a conf conf ");
    CHECK(watch.watches() == 1);
}

TEST_CASE("names resolve to what was said about them", "[base][fakes]") {
    VirtualScheduler clock;
    FakeResolver resolver(clock);
    resolver.add("node", std::vector<std::string>(20, "10.0.0.1"), 10ms);
    resolver.add("slow", std::vector<std::string>{"10.0.0.2"}, 1min);
    Result<std::vector<std::string>> got;
    const auto keep = [&](Result<std::vector<std::string>> answer) { got = std::move(answer); };
    resolver.resolve("node", keep);
    clock.advance(9ms);
    CHECK(got->empty());
    clock.advance(1ms);
    CHECK(got->size() == 16);
    resolver.resolve("none", keep);
    clock.settle();
    CHECK(got.error().message == "lookup none: no such host");
    resolver.resolve("slow", keep);
    clock.advance(5s);
    CHECK(got.error().kind == Error::Kind::Timeout);
    CHECK(resolver.asked() == std::vector<std::string>{"node", "none", "slow"});
}

TEST_CASE("a power cut leaves what was synced", "[base][fakes]") {
    FakeDisk disk{"d"};
    auto file = disk.open("d/f", Disk::Open::CreateOrOpen);
    REQUIRE((*file)->append("synced").has_value());
    REQUIRE((*file)->sync().has_value());
    SECTION("a name that was not synced is lost with its file") {
        disk.power_cut();
        CHECK(!disk.exists("d/f"));
    }
    SECTION("bytes that were not synced are lost") {
        REQUIRE(disk.sync_directory("d").has_value());
        REQUIRE((*file)->append(" and not").has_value());
        CHECK(disk.content("d/f") == "synced and not");
        disk.power_cut();
        CHECK(disk.content("d/f") == "synced");
        CHECK((*file)->append("x").error().message == "write d/f: opened before the power cut");
    }
    SECTION("a removal that was not synced did not happen") {
        REQUIRE(disk.sync_directory("d").has_value());
        REQUIRE(disk.remove("d/f").has_value());
        CHECK(!disk.exists("d/f"));
        disk.power_cut();
        CHECK(disk.content("d/f") == "synced");
    }
    SECTION("a rename is done or not, never half") {
        REQUIRE(disk.sync_directory("d").has_value());
        REQUIRE(disk.rename("d/f", "d/g").has_value());
        SeededRandom random(GENERATE(1U, 2U, 3U, 4U));
        disk.power_cut(random);
        CHECK(disk.exists("d/f") != disk.exists("d/g"));
    }
}

TEST_CASE("a power cut tears a write by pieces of 512 bytes", "[base][fakes]") {
    FakeDisk disk;
    disk.put("f", std::string(4096, 'a'));
    auto file = disk.open("f", Disk::Open::ReadWrite);
    REQUIRE((*file)->write_at(0, std::string(4096, 'b')).has_value());
    SeededRandom random(1);
    disk.power_cut(random);
    const std::string content = *disk.content("f");
    REQUIRE(content.size() == 4096);
    CHECK(content.find('a') != std::string::npos);
    CHECK(content.find('b') != std::string::npos);
    for (std::size_t at = 0; at < content.size(); at += 512) {
        CHECK(content.substr(at, 512) == std::string(512, content[at]));
    }
}

TEST_CASE("failures of a disk are injected", "[base][fakes]") {
    FakeDisk disk{"d"};
    auto file = disk.open("d/f", Disk::Open::CreateOrOpen);
    disk.fail_next(FakeDisk::Operation::Write, "d/f", "input/output error", 2);
    CHECK((*file)->append("x").error().message == "write d/f: input/output error");
    CHECK(!(*file)->append("x").has_value());
    CHECK((*file)->append("x").has_value());

    disk.fail_next(FakeDisk::Operation::Sync, "", "input/output error");
    CHECK(!(*file)->sync().has_value());
    CHECK((*file)->sync().error().message == "sync d/f: an earlier sync of the file failed");
    CHECK(!(*file)->append("x").has_value());

    FakeDisk small;
    small.set_capacity(10);
    CHECK(small.free_bytes(".") == 10U);
    CHECK(write_file_atomically(small, "f", "12345678901").error().message == "write f.tmp: no space left on device");
    CHECK(write_file_atomically(small, "f", "1234567890").has_value());
    CHECK(small.free_bytes(".") == 0U);
}

TEST_CASE("a disk stops at the change it is told to", "[base][fakes]") {
    FakeDisk disk;
    auto file = disk.open("f", Disk::Open::CreateOrOpen);
    REQUIRE((*file)->append("a").has_value());
    CHECK(disk.changes() == 2);
    disk.stop_at_change(3);
    CHECK((*file)->append("b").has_value());
    CHECK((*file)->append("c").error().message == "write f: the power is off");
    CHECK(!disk.open("f", Disk::Open::ReadOnly).has_value());
    disk.power_cut();
    CHECK(disk.open("f", Disk::Open::CreateOrOpen).has_value());
}

TEST_CASE("sink and log keep what they get", "[base][fakes]") {
    VirtualScheduler clock(from_unix_ms(5000));
    RecordingSink sink(&clock);
    Alert alert;
    alert.labels = {{"alertname", "A"}};
    const std::vector<Alert> alerts{alert, alert};
    sink.receive(alerts);
    sink.receive(std::span(alerts).first(1));
    REQUIRE(sink.batches().size() == 2);
    CHECK(sink.batches()[0].at == from_unix_ms(5000));
    CHECK(sink.alerts().size() == 3);

    RecordingLog log;
    log.warn("module", "it went wrong", {{"why", "a reason"}});
    log.info("module", "fine");
    CHECK(log.count(LogLevel::Warn) == 1);
    CHECK(log.contains("a reason"));
    CHECK(!log.contains("secret"));
    CHECK(log.messages()[0].fields[0].second == "a reason");
}
