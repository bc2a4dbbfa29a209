#include "daemon/state_database.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/disk_patience.h"
#include "base/duration.h"

namespace tocsin {
namespace {

constexpr Duration kRetryDelay = std::chrono::seconds(10);
// More than this many writes of one transaction are forgotten, and everything is written instead: a disk that hangs
// must not fill the memory.
constexpr std::size_t kPendingMax = 10'000;
// Damage is told record by record up to here.
constexpr std::size_t kDamageTold = 20;

Error too_slow() {
    return {Error::Kind::Timeout, fmt::format("the disk has been writing for {}", to_string(kDiskPatience))};
}

}  // namespace

StateDatabase::StateDatabase(const Context& context, std::string path)
    : context_(context),
      path_(std::move(path)),
      durable_gauge_(context.metrics.gauge("tocsin_state_durable",
                                           "Whether state is written to the disk: 0 while it is in memory only.")),
      commits_(context.metrics.counter("tocsin_state_commits_total", "Transactions of state that were written.")),
      failures_(context.metrics.counter("tocsin_state_commit_failures_total",
                                        "Transactions of state that could not be written.")),
      damaged_(context.metrics.counter("tocsin_state_damage_total",
                                       "Places at which the state was found damaged at start.")),
      duration_(
          context.metrics.summary("tocsin_state_commit_duration_seconds", "How long transactions of state took.")) {
    durable_gauge_.set(1);
}

StateDatabase::~StateDatabase() {
    context_.scheduler.cancel(retry_);
    context_.scheduler.cancel(patience_);
    context_.scheduler.cancel(give_up_);
}

Status StateDatabase::open() {
    if (auto finished = StateFile::finish_replacement(context_.disk, path_); !finished) {
        never_read_ = true;
        fail(finished.error());
        return {};
    }
    return read_file();
}

Status StateDatabase::read_file() {
    auto file = StateFile::open(context_.disk, path_, context_.random.next());
    if (!file && file.error().kind != Error::Kind::InvalidInput) {
        never_read_ = true;
        fail(file.error());
        return {};
    }
    if (!file) {
        begin_anew({{}, {file.error().message}});
        return {};
    }
    const auto version = file->version();
    if (version && *version > StateFile::kVersion) {
        return tocsin::fail(Error::Kind::InvalidInput,
                            fmt::format("{}: written by a later tocsin: its schema is {}, expected at most {}; another "
                                        "--storage.path begins without state",
                                        path_, *version, StateFile::kVersion));
    }
    found_ = file->read();
    if (found_.damage.empty()) {
        *file_ = *std::move(file);
        return {};
    }
    file = tocsin::fail(Error::Kind::InvalidInput, "damaged");  // closes it
    begin_anew(found_);
    return {};
}

// The records that are sound are in the new file before anything else is.
void StateDatabase::begin_anew(const StateFile::Contents& salvaged) {
    const std::string aside = name_aside();
    std::size_t kept = 0;
    for (const auto& [table, records] : salvaged.tables) kept += records.size();
    damaged_.add(static_cast<double>(salvaged.damage.size()));
    context_.log.error("state", "the state database is damaged and was set aside: what it said more is forgotten",
                       {{"file", path_},
                        {"aside", aside},
                        {"records kept", std::to_string(kept)},
                        {"damaged places", std::to_string(salvaged.damage.size())}});
    for (std::size_t i = 0; i < std::min(kDamageTold, salvaged.damage.size()); ++i) {
        context_.log.error("state", "damage", {{"what", salvaged.damage[i]}});
    }
    if (const Status moved = StateFile::set_aside(context_.disk, path_, aside); !moved) {
        never_read_ = true;
        return fail(moved.error());
    }
    auto file = StateFile::open(context_.disk, path_, context_.random.next());
    Status written = file ? Status{} : tl::unexpected(file.error());
    if (written) {
        written = file->commit({[&salvaged](StateWriter& writer) {
            for (const auto& [table, records] : salvaged.tables) {
                for (const StateRecord& record : records) writer.put(table, record.key, record.value);
            }
        }});
    }
    if (!written) return fail(written.error());
    *file_ = *std::move(file);
}

// Without colons, which some tools take for a host.
std::string StateDatabase::name_aside() const {
    std::string time = to_rfc3339_ms(context_.scheduler.now());
    std::erase(time, ':');
    std::erase(time, '-');
    return path_ + ".corrupt-" + time;
}

std::vector<StateRecord> StateDatabase::open_table(const std::string& table, Everything everything) {
    const bool is_new = parts_.emplace(table, std::move(everything)).second;
    TOCSIN_ASSERT(is_new);
    const auto found = found_.tables.find(table);
    return found == found_.tables.end() ? std::vector<StateRecord>() : std::exchange(found->second, {});
}

void StateDatabase::write(Write write) {
    const bool would_be_lost = failure_ && !writing_;
    if (would_be_lost || all_anew_) return;
    pending_.writes.push_back(std::move(write));
    if (pending_.writes.size() > kPendingMax) {
        pending_.writes.clear();
        all_anew_ = true;
    }
    commit_soon();
}

void StateDatabase::when_durable(Done done) {
    if (is_late_ || (failure_ && !writing_)) {
        const Status status = tl::unexpected(is_late_ ? too_slow() : *failure_);
        context_.scheduler.post([done = std::move(done), status] { done(status); });
        return;
    }
    const bool all_in_flight = writing_ && pending_.writes.empty() && !all_anew_;
    (all_in_flight ? in_flight_ : pending_).waiters.push_back({std::move(done), context_.scheduler.monotonic()});
    if (give_up_ == 0) watch_waiters();
    commit_soon();
}

// Once the task that runs has ended, so that all it wrote is together.
void StateDatabase::commit_soon() {
    if (commit_due_ || writing_) return;
    commit_due_ = true;
    context_.scheduler.post(unless_gone([this] {
        commit_due_ = false;
        commit_pending();
    }));
}

void StateDatabase::commit_pending() {
    if (writing_) return;
    if (pending_.writes.empty() && !all_anew_) {
        const Status status = failure_ ? Status(tl::unexpected(*failure_)) : Status{};
        return tell(std::exchange(pending_.waiters, {}), status);
    }
    in_flight_ = std::exchange(pending_, {});
    const auto writes = std::make_shared<std::vector<Write>>(
        std::exchange(all_anew_, false) ? everything() : std::exchange(in_flight_.writes, {}));
    run([writes](File& file) { return file->commit(*writes); });
}

std::vector<StateStore::Write> StateDatabase::everything() const {
    std::vector<Write> writes;
    for (const auto& [table, part] : parts_) {
        writes.push_back([name = table](StateWriter& writer) { writer.clear(name); });
        writes.push_back(part());
    }
    return writes;
}

void StateDatabase::run(std::function<Status(File&)> work) {
    writing_ = true;
    patience_ = context_.scheduler.after(kDiskPatience, [this] { be_late(); });
    const auto outcome = std::make_shared<Status>();
    const auto started = context_.scheduler.monotonic();
    context_.thread.run([file = file_, outcome, work = std::move(work)] { *outcome = work(*file); },
                        unless_gone([this, outcome, started] { written(*outcome, started); }));
}

void StateDatabase::written(const Status& status, MonotonicTime started) {
    writing_ = false;
    context_.scheduler.cancel(patience_);
    duration_.observe(std::chrono::duration<double>(context_.scheduler.monotonic() - started).count());
    Waiters waiters = std::exchange(in_flight_, {}).waiters;
    if (status) {
        commits_.add();
        recover();
    } else {
        fail(status.error());
        // What came meanwhile is lost with it.
        for (Waiter& waiter : std::exchange(pending_, {}).waiters) waiters.push_back(std::move(waiter));
        all_anew_ = false;
    }
    tell(std::move(waiters), status);
    if (!pending_.writes.empty() || !pending_.waiters.empty() || all_anew_) commit_soon();
}

// A disk that hangs refuses nothing: without this nobody would hear of it, and who waits for it would wait for ever.
void StateDatabase::be_late() {
    const bool is_news = durable();
    is_late_ = true;
    Waiters waiters = std::exchange(in_flight_.waiters, {});
    for (Waiter& waiter : std::exchange(pending_.waiters, {})) waiters.push_back(std::move(waiter));
    tell(std::move(waiters), tl::unexpected(too_slow()));
    if (!is_news) return;
    durable_gauge_.set(0);
    context_.log.error("state",
                       "the disk is too slow for the state: what changes is in memory only until it is written",
                       {{"file", path_}});
    if (changed_) changed_();
}

// Those of the transaction in flight came before those of the next one.
void StateDatabase::watch_waiters() {
    const Waiters& oldest = in_flight_.waiters.empty() ? pending_.waiters : in_flight_.waiters;
    if (oldest.empty()) return;
    const auto waited = context_.scheduler.monotonic() - oldest.front().since;
    give_up_ = context_.scheduler.after(std::chrono::ceil<Duration>(kDiskPatience - waited), [this] { give_up(); });
}

// Who comes shortly after a transaction began waits for the next one too: two that are slow and not late together are.
void StateDatabase::give_up() {
    give_up_ = 0;
    const MonotonicTime enough = context_.scheduler.monotonic() - kDiskPatience;
    Waiters out_of_patience;
    for (Waiters* waiters : {&in_flight_.waiters, &pending_.waiters}) {
        const auto later = std::ranges::find_if(*waiters, [&](const Waiter& waiter) { return waiter.since > enough; });
        out_of_patience.insert(out_of_patience.end(), std::move_iterator(waiters->begin()), std::move_iterator(later));
        waiters->erase(waiters->begin(), later);
    }
    watch_waiters();
    tell(std::move(out_of_patience), tl::unexpected(too_slow()));
}

void StateDatabase::fail(const Error& error) {
    failures_.add();
    is_late_ = false;
    const bool is_news = !std::exchange(failure_, error);
    retry_ = context_.scheduler.after(kRetryDelay, unless_gone([this] { try_again(); }));
    if (!is_news) return;
    durable_gauge_.set(0);
    context_.log.error("state", "state cannot be written: it is kept in memory only, and a restart would forget it",
                       {{"error", error.message}});
    if (changed_) changed_();
}

void StateDatabase::recover() {
    if (durable()) return;
    failure_.reset();
    is_late_ = false;
    durable_gauge_.set(1);
    context_.log.info("state", "state is written again", {{"file", path_}});
    if (changed_) changed_();
}

// The file in which something failed is not trusted again: which of its pages reached the medium, nobody knows.
void StateDatabase::try_again() {
    const auto writes = std::make_shared<std::vector<Write>>(everything());
    const std::string aside = std::exchange(never_read_, false) ? name_aside() : std::string();
    run([writes, aside, &disk = context_.disk, path = path_, seed = context_.random.next()](File& file) -> Status {
        file.reset();
        if (!aside.empty() && disk.exists(path)) {
            if (auto moved = StateFile::set_aside(disk, path, aside); !moved) return moved;
        }
        TOCSIN_TRY(file, StateFile::replace(disk, path, seed, *writes));
        return {};
    });
}

void StateDatabase::tell(Waiters waiters, const Status& status) {
    for (const Waiter& waiter : waiters) waiter.done(status);
}

std::function<void()> StateDatabase::unless_gone(std::function<void()> task) const {
    return [alive = std::weak_ptr<bool>(alive_), task = std::move(task)] {
        if (!alive.expired()) task();
    };
}

}  // namespace tocsin
