#include "base/httplib_client.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/asio_address.h"
#include "base/httplib_connections.h"
#include "base/httplib_exchange.h"
#include "base/outgoing_request.h"
#include "base/url.h"
#include "base/worker_thread.h"

namespace tocsin {

namespace {

using Addresses = std::vector<std::string>;

// So many threads stay when nothing is to be done.
constexpr std::size_t kIdleThreadsMax = 64;

}  // namespace

/// A request on its way to or on a thread.
struct HttplibClient::Job {
    std::string line;
    MonotonicTime queued;  // in its line
    std::unique_ptr<HttplibExchange> exchange;
    std::function<void(Result<HttpResponse>)> done;  // called on the thread
};

// The threads and what waits for them.
class HttplibClient::Pool {
public:
    explicit Pool(const HttplibClientOptions& options) : options_(options) {}

    ~Pool() {
        {
            const std::scoped_lock lock(mutex_);
            closing_ = true;
            for (const auto& job : running_) job->exchange->abort();
        }
        work_came_.notify_all();
        // Nobody starts or ends one any more.
        for (auto& [id, thread] : threads_) thread.join();
        for (std::thread& thread : ended_) thread.join();
    }

    bool enqueue(std::shared_ptr<Job> job) {
        const std::scoped_lock lock(mutex_);
        Line& line = line_named(job->line);
        if (line.waiting.size() >= options_.waiting_per_line_max) return false;
        line.waiting.push_back(std::move(job));
        // Where it must wait for its turn, a thread that ends one of its line looks for the next by itself.
        if (may_run(line) && line.running + line.waiting.size() <= line.threads_max) call_thread();
        return true;
    }

    /// Lines that have waited for too long get more threads. Returns whether some may need more yet.
    bool hurry(MonotonicTime now) {
        const std::scoped_lock lock(mutex_);
        bool some_wait = false;
        for (Line& line : lines_) {
            if (line.waiting.empty() || line.threads_max == options_.threads_per_line) continue;
            some_wait = true;
            if (now - line.waiting.front()->queued < options_.patience) continue;
            line.threads_max = std::min(2 * line.threads_max, options_.threads_per_line);
            if (may_run(line)) call_thread();
        }
        return some_wait;
    }

    /// Whether it was still waiting.
    bool remove(const std::shared_ptr<Job>& job) {
        const std::scoped_lock lock(mutex_);
        for (Line& line : lines_) {
            if (line.name == job->line) return std::erase(line.waiting, job) > 0;
        }
        return false;
    }

    std::optional<LinePlace> place_in_line(const std::shared_ptr<Job>& job) {
        const std::scoped_lock lock(mutex_);
        for (const Line& line : lines_) {
            if (line.name != job->line) continue;
            const auto found = std::find(line.waiting.begin(), line.waiting.end(), job);
            if (found == line.waiting.end()) return std::nullopt;
            const auto ahead = static_cast<std::size_t>(found - line.waiting.begin());
            return LinePlace{line.running + ahead, job->queued};
        }
        return std::nullopt;
    }

private:
    struct Line {
        std::string name;
        std::deque<std::shared_ptr<Job>> waiting;
        unsigned threads_max;  // as long as it has work
        unsigned running = 0;
    };

    Line& line_named(const std::string& name) {
        const unsigned first = std::clamp(options_.threads_at_first, 1U, options_.threads_per_line);
        const auto found = std::find_if(lines_.begin(), lines_.end(), [&](const Line& l) { return l.name == name; });
        return found != lines_.end() ? *found : lines_.emplace_back(Line{name, {}, first});
    }

    // For a job that may run now.
    void call_thread() {
        for (std::thread& thread : std::exchange(ended_, {})) thread.join();
        if (called_ < idle_) {
            ++called_;
            return work_came_.notify_one();
        }
        if (threads_.size() >= std::max(options_.threads, 1U)) return;
        try {
            std::thread thread = start_worker_thread([this] { serve(); });
            const auto id = thread.get_id();
            threads_.emplace(id, std::move(thread));
        } catch (const std::system_error&) {
            // The system has no more of them: those that are there take it, or the next call tries again.
        }
    }

    void serve() {
        while (const auto job = take()) {
            auto response = (*job)->exchange->run();
            (*job)->done(std::move(response));
            finish(*job);
        }
    }

    /// Nothing: this thread is not needed any more.
    std::optional<std::shared_ptr<Job>> take() {
        std::unique_lock lock(mutex_);
        auto line = next_line();
        if (line == lines_.end() && idle_ >= kIdleThreadsMax && !closing_) return end_thread();
        while (line == lines_.end() && !closing_) {
            ++idle_;
            work_came_.wait(lock);
            --idle_;
            if (called_ > 0) --called_;
            line = next_line();
        }
        if (closing_) return std::nullopt;
        return take_from(line);
    }

    std::shared_ptr<Job> take_from(std::list<Line>::iterator line) {
        auto job = std::move(line->waiting.front());
        line->waiting.pop_front();
        ++line->running;
        lines_.splice(lines_.end(), lines_, line);  // the others have their turn first
        running_.push_back(job);
        if (next_line() != lines_.end()) call_thread();
        return job;
    }

    // Whoever comes next joins it.
    std::nullopt_t end_thread() {
        auto self = threads_.extract(std::this_thread::get_id());
        ended_.push_back(std::move(self.mapped()));
        return std::nullopt;
    }

    std::list<Line>::iterator next_line() {
        return std::find_if(lines_.begin(), lines_.end(), [this](const Line& line) { return may_run(line); });
    }

    /// Whether something waits that may run beside what does already.
    bool may_run(const Line& line) const {
        if (line.waiting.empty()) return false;
        const bool is_scarce = running_.size() >= options_.threads * 3 / 4;
        return line.running == 0 || (!is_scarce && line.running < line.threads_max);
    }

    // Its thread takes what waits, and wakes others for what else may run now.
    void finish(const std::shared_ptr<Job>& job) {
        const std::scoped_lock lock(mutex_);
        std::erase(running_, job);
        Line& line = line_named(job->line);
        --line.running;
        if (line.running == 0 && line.waiting.empty()) {
            lines_.remove_if([&](const Line& idle) { return &idle == &line; });
        }
    }

    const HttplibClientOptions& options_;
    std::mutex mutex_;  // guards all below
    std::condition_variable work_came_;
    std::list<Line> lines_;  // those with work, in the order of their turns
    std::vector<std::shared_ptr<Job>> running_;
    std::size_t idle_ = 0;    // threads that wait
    std::size_t called_ = 0;  // of these, those that were told of work and have not looked yet
    bool closing_ = false;
    std::map<std::thread::id, std::thread> threads_;
    std::vector<std::thread> ended_;  // or about to
};

/// What the scheduler's thread knows of a request until its verdict.
struct HttplibClient::Pending {
    HttpRequest request;                       // until the job has it
    std::shared_ptr<const HttpEvents> events;  // shared with the call of one of them, which may cancel the request
    Duration timeout;
    MonotonicTime deadline;
    Scheduler::TaskId deadline_task = 0;
    std::shared_ptr<Job> job;  // once its addresses are known
    Url url;
    std::optional<Url> proxy;
};

// Scheduler's thread only, but for tell(), which brings news from the others.
class HttplibClient::Requests : public std::enable_shared_from_this<Requests> {
    // First, since its return type is deduced.
    /// Brings a piece of news to the scheduler's thread; there it is dropped when nobody waits for it any more.
    auto teller(RequestId id) {
        return [&scheduler = scheduler_, weak = weak_from_this(), id](auto news) {
            scheduler.post([weak, id, news = std::move(news)] {
                const auto self = weak.lock();
                if (self != nullptr && self->find(id) != nullptr) news(*self, id);
            });
        };
    }

public:
    Requests(Scheduler& scheduler, Resolver& resolver, HttplibClientOptions options)
        : scheduler_(scheduler), resolver_(resolver), options_(std::move(options)), pool_(std::in_place, options_) {}

    ~Requests() {
        pool_.reset();
        scheduler_.cancel(sweep_);
        scheduler_.cancel(hurry_);
        for (const auto& [id, pending] : pending_) scheduler_.cancel(pending.deadline_task);
    }

    RequestId add(HttpRequest request, HttpEvents events) {
        const RequestId id = ++last_id_;
        Pending& pending = pending_[id];
        pending.timeout = request.timeout;
        pending.deadline = scheduler_.monotonic() + request.timeout;
        pending.deadline_task = scheduler_.after(request.timeout, [this, id] { time_out(id); });
        pending.request = std::move(request);
        pending.events = std::make_shared<const HttpEvents>(std::move(events));
        scheduler_.post([weak = weak_from_this(), id] {
            if (const auto self = weak.lock()) self->check(id);
        });
        return id;
    }

    void cancel(RequestId id) {
        if (auto pending = take(id)) abandon(*pending);
    }

    std::optional<LinePlace> place_in_line(RequestId id) {
        const Pending* pending = find(id);
        return pending == nullptr || pending->job == nullptr ? std::nullopt : pool_->place_in_line(pending->job);
    }

private:
    Pending* find(RequestId id) {
        const auto found = pending_.find(id);
        return found == pending_.end() ? nullptr : &found->second;
    }

    std::optional<Pending> take(RequestId id) {
        auto found = pending_.extract(id);
        if (found.empty()) return std::nullopt;
        scheduler_.cancel(found.mapped().deadline_task);
        return std::move(found.mapped());
    }

    void end_with(RequestId id, Result<HttpResponse> verdict) {
        if (sweep_ == 0) plan_sweep();
        if (auto pending = take(id)) pending->events->verdict(std::move(verdict));
    }

    void end_with(RequestId id, Error error) { end_with(id, Result<HttpResponse>(tl::unexpected(std::move(error)))); }

    void plan_hurry() {
        hurry_ = scheduler_.after(options_.patience, [this] {
            hurry_ = 0;
            if (pool_->hurry(scheduler_.monotonic())) plan_hurry();
        });
    }

    void plan_sweep() {
        sweep_ = scheduler_.after(HttplibConnections::kIdleMax, [this] {
            sweep_ = 0;
            if (connections_.sweep(scheduler_.monotonic())) plan_sweep();
        });
    }

    /// Whether its thread, if it has one, had not begun with it.
    bool abandon(const Pending& pending) {
        if (pending.job == nullptr) return false;
        if (pool_->remove(pending.job)) return true;
        pending.job->exchange->abort();
        return false;
    }

    void time_out(RequestId id) {
        auto pending = take(id);
        Error error = timed_out(pending->timeout);
        if (pending->job == nullptr) error.message = "name lookup: " + error.message;
        if (abandon(*pending)) error.message += " behind other requests to the same host";
        pending->events->verdict(tl::unexpected(std::move(error)));
    }

    void check(RequestId id) {
        Pending* pending = find(id);
        if (pending == nullptr) return;
        auto url = check_outgoing(pending->request);
        if (!url) return end_with(id, url.error());
        auto proxy = proxy_of(options_of(pending->request), *url, options_.proxies);
        if (!proxy) return end_with(id, proxy.error());
        pending->url = *std::move(url);
        pending->proxy = *std::move(proxy);
        resolve(id, pending->proxy ? pending->proxy->host : pending->url.host);
    }

    void resolve(RequestId id, const std::string& host) {
        if (is_ip_literal(host)) return enqueue(id, {host});
        resolver_.resolve(host, [weak = weak_from_this(), id](Result<Addresses> addresses) {
            const auto self = weak.lock();
            if (self == nullptr) return;
            if (!addresses) return self->end_with(id, addresses.error());
            self->enqueue(id, *std::move(addresses));
        });
    }

    void enqueue(RequestId id, Addresses addresses) {
        Pending* pending = find(id);
        if (pending == nullptr) return;
        const std::string first = addresses.empty() ? std::string() : addresses.front();
        if (options_.may_connect) {
            std::erase_if(addresses, [this](const std::string& address) { return !options_.may_connect(address); });
        }
        if (addresses.empty()) {
            return end_with(id, {Error::Kind::Unavailable, "connect: address " + first + " is denied"});
        }
        pending->job = make_job(id, *pending, std::move(addresses));
        if (hurry_ == 0) plan_hurry();
        if (pool_->enqueue(pending->job)) return;
        end_with(id, {Error::Kind::LimitExceeded, "too many requests wait for the same host"});
    }

    std::shared_ptr<Job> make_job(RequestId id, Pending& pending, Addresses addresses) {
        const Url& peer = pending.proxy ? *pending.proxy : pending.url;
        HttplibExchange::Plan plan{.request = std::move(pending.request),
                                   .url = pending.url,
                                   .proxy = pending.proxy,
                                   .proxies = options_.proxies,
                                   .addresses = std::move(addresses),
                                   .deadline = pending.deadline,
                                   .connect_timeout = options_.connect_timeout,
                                   .connections = &connections_};
        auto job = std::make_shared<Job>();
        job->queued = scheduler_.monotonic();
        job->line = plan.request.label + " " + join_host_port(peer.host, peer.port);
        job->exchange = std::make_unique<HttplibExchange>(scheduler_, std::move(plan), events_for(id, *pending.events));
        job->done = [tell = teller(id)](Result<HttpResponse> verdict) {
            tell([verdict = std::move(verdict)](Requests& requests, RequestId its_id) {
                requests.end_with(its_id, std::move(verdict));
            });
        };
        return job;
    }

    HttplibExchange::Events events_for(RequestId id, const HttpEvents& wanted) {
        HttplibExchange::Events events;
        const auto tell = teller(id);
        if (wanted.connected) {
            events.connected = [tell] {
                tell([](Requests& requests, RequestId its_id) {
                    const auto its_events = requests.find(its_id)->events;
                    its_events->connected();
                });
            };
        }
        if (wanted.headers) {
            events.headers = [tell](int status, std::vector<HttpHeader> headers) {
                tell([status, headers = std::move(headers)](Requests& requests, RequestId its_id) {
                    const auto its_events = requests.find(its_id)->events;
                    its_events->headers(status, headers);
                });
            };
        }
        if (wanted.body) {
            events.body = [tell](std::string_view piece) {
                tell([piece = std::string(piece)](Requests& requests, RequestId its_id) {
                    const auto its_events = requests.find(its_id)->events;
                    its_events->body(piece);
                });
            };
        }
        return events;
    }

    Scheduler& scheduler_;
    Resolver& resolver_;
    const HttplibClientOptions options_;
    std::unordered_map<RequestId, Pending> pending_;
    RequestId last_id_ = 0;
    HttplibConnections connections_;
    Scheduler::TaskId sweep_ = 0;
    Scheduler::TaskId hurry_ = 0;
    std::optional<Pool> pool_;
};

HttplibClient::HttplibClient(Scheduler& scheduler, Resolver& resolver, HttplibClientOptions options)
    : requests_(std::make_shared<Requests>(scheduler, resolver, std::move(options))) {}

HttplibClient::~HttplibClient() = default;

HttpClient::RequestId HttplibClient::send(HttpRequest request, HttpEvents events) {
    return requests_->add(std::move(request), std::move(events));
}

void HttplibClient::cancel(RequestId id) {
    requests_->cancel(id);
}

std::optional<LinePlace> HttplibClient::place_in_line(RequestId id) const {
    return requests_->place_in_line(id);
}

}  // namespace tocsin
