#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/alert.h"
#include "base/disk.h"
#include "base/http.h"
#include "base/log.h"
#include "base/mail.h"
#include "base/random.h"
#include "base/self_metrics.h"
#include "base/state_store.h"
#include "notifiers/alert_news.h"
#include "notifiers/alert_store.h"
#include "notifiers/config.h"
#include "notifiers/dispatcher.h"
#include "notifiers/explanation.h"
#include "notifiers/pipeline.h"

// The public face of the notifiers: alerts go in, messages go out.
//
// An alert is stored (merged with what was known of it), shown to the inhibitor, and put into one group for each route
// that it takes. Groups flush on their own timers; a flush asks the pipeline for mutes, and every integration decides
// by the notification log what it still has to hear. Everything happens on the scheduler's thread.

namespace tocsin {

/// What the service works with; all of it outlives the service.
struct NotificationDoors {
    Scheduler& scheduler;
    HttpClient& http;
    MailClient& mail;
    Random& random;
    Disk& disk;
    Log& log;
    SelfMetrics& metrics;
};

struct NotificationOptions {
    std::string external_url = "http://localhost:9093";
    std::string version = "0";                     // for User-Agent
    Duration retention = std::chrono::hours(120);  // of silences that ended and of the log
    Duration alerts_gc_interval = std::chrono::minutes(30);
    Duration maintenance_interval = std::chrono::minutes(15);
    Duration start_delay{0};  // before the first flush
    AlertStore::Limits alert_limits;
    Silences::Limits silence_limits;  // its retention is the one above
    bool log_silences = false;        // each that is made, changed or ended
    /// Replaces the fixed URL of PagerDuty's first API, for tests and proxies. Empty: the real one.
    std::string pagerduty_v1_url;
    /// See GroupContext::commit. Empty: attempts begin at once.
    std::function<void(std::function<void()> then)> commit;
    NotificationObserver* observer = nullptr;
};

/// Which alerts the API shows.
struct AlertFilter {
    bool active = true;
    bool silenced = true;
    bool inhibited = true;
    bool muted = true;  // of groups: those in a mute time, or outside their active times
    Matchers matchers;
    std::optional<Regex> receiver;  // anchored
    Matchers receiver_matchers;     // on the receiver's labels
};

/// An alert with what is said about it now.
struct AlertView {
    AlertPtr alert;
    std::vector<std::string> receivers;  // of its routes
    std::vector<std::string> silenced_by;
    std::vector<std::string> inhibited_by;
    /// Names of intervals. In a group: by which its route is muted. Elsewhere: by which all of the alert's routes are,
    /// none as long as somebody may be told.
    std::vector<std::string> muted_by;

    bool is_suppressed() const { return !silenced_by.empty() || !inhibited_by.empty() || !muted_by.empty(); }
};

struct GroupView {
    LabelSet labels;
    std::string receiver;
    std::string key;
    Timestamp next_flush{};
    std::size_t pending_deliveries = 0;  // messages that wait for their receiver
    std::vector<std::pair<std::string, std::string>> route_labels;  // as the file has them: templates
    std::vector<AlertView> alerts;                                  // in the order of messages
};

struct ReceiverView {
    std::string name;
    std::vector<std::pair<std::string, std::string>> labels;
    bool active = false;  // a route leads to it
    std::vector<std::shared_ptr<const Integration>> integrations;
    std::vector<Backlog> backlogs{};  // of the integrations, in their order
};

/// Everything that must survive a restart, as plain values.
struct NotificationState {
    std::vector<Silence> silences;
    std::vector<std::pair<LogKey, LogEntry>> log;
    std::vector<Alert> alerts;
    std::vector<GroupState> groups;
};

/// Which alerts are to be explained.
struct AlertQuestion {
    Matchers matchers;
    std::string fingerprint;    // empty: any
    bool untold_only = false;   // those that fire and no integration knows of
    bool any_receiver = false;  // with untold_only: those too that some integrations know of and others do not
    std::size_t limit = 100;

    bool asks_for(const LabelSet& labels) const;
};

struct ExplainedAlerts {
    std::vector<AlertExplanation> alerts;  // by label set
    bool more = false;                     // than the limit
};

class NotificationService final : public AlertSink {
public:
    NotificationService(NotificationDoors doors, NotificationOptions options);
    ~NotificationService() override;

    /// Goes over to a configuration, at once and as a whole; groups that it still has keep their timers and what is
    /// under way. When it names what cannot be sent (find_unsendable) it is refused and nothing changes.
    tl::expected<void, Diagnostics> load(AlertmanagerConfig config);
    /// For a configuration that could not even be read: it is counted, nothing else changes.
    void note_failed_load();
    /// So many alerts came in that were refused before they reached receive().
    void note_invalid_alerts(std::size_t count);

    /// Fills in what Alertmanager's API fills in: the time of the update, a start, and an end after the resolve
    /// timeout.
    void receive(std::span<const Alert> alerts) override;

    /// By fingerprint. Resolved alerts are not shown.
    std::vector<AlertView> alerts(const AlertFilter& filter) const;
    /// By group labels, then by receiver; groups without an alert to show are left out.
    std::vector<GroupView> groups(const AlertFilter& filter) const;
    /// Why who was told of an alert or was not; of alerts that fire, and of those that ended as long as they are known.
    ExplainedAlerts explain(const AlertQuestion& question) const;
    /// Whether somebody was told of an alert that is still in one of its groups, as what began at the same time.
    bool was_told(const StoredAlert& alert) const;
    /// As configured, with how each of their integrations does and what it has not taken.
    std::vector<ReceiverView> receivers() const;
    /// Where an alert with these labels would go; null before the first load.
    const RouteTree* routes() const;

    Result<std::string> set_silence(Silence silence);
    Status expire_silence(std::string_view id);
    const Silence* find_silence(std::string_view id) const { return silences_.find(id); }
    std::vector<const Silence*> silences() const { return silences_.all(); }

    /// The configuration in force, secrets masked; empty before the first load.
    const std::string& masked_config() const { return masked_config_; }

    NotificationState snapshot() const;
    /// Goes on where a former life ended. Before the first load.
    void restore(NotificationState state);
    /// Restores what `state` has and keeps there, from now on, silences, alerts, the log and the groups' timers. What
    /// is to be sent is on the medium before its first attempt. Before the first load; `state` outlives this.
    void keep_in(StateStore& state);
    /// Calls `done` when all that was changed so far lasts, or cannot be made to last, in which case the daemon goes on
    /// in memory; at once where nothing is kept.
    void when_durable(std::function<void()> done);

    /// Starts no more messages, waits for those under way, at most so long; then calls `done`. Where all is kept in a
    /// store it does not wait for those that failed and are to be tried again.
    void drain(Duration at_most, std::function<void()> done);

    std::size_t group_count() const { return dispatcher_.group_count(); }
    std::size_t pending_deliveries() const;

private:
    std::shared_ptr<const Routing> make_routing(const AlertmanagerConfig& config);
    NotifierContext notifier_context(const AlertmanagerConfig& config);
    Alert complete(Alert alert, Timestamp now) const;
    void schedule_alert_gc();
    void schedule_maintenance();
    void collect_log();
    void follow_clock_step(Duration step);
    void refresh_metrics();
    std::vector<const Route*> routes_of(const LabelSet& labels) const;
    RouteMutes route_mutes(Timestamp now) const;
    bool is_suppressed(const LabelSet& labels, Timestamp now) const;
    Backlogs backlogs() const;
    void show_receivers(const AlertmanagerConfig& config);
    /// All but `muted_by`.
    AlertView view_of(const AlertPtr& alert, const std::vector<const Route*>& routes, Timestamp now) const;
    bool shows(const AlertView& view, const AlertFilter& filter, Timestamp now) const;
    bool receiver_passes(const std::string& name, const AlertFilter& filter) const;
    /// Those that must survive a restart.
    std::vector<AlertPtr> kept_alerts() const;
    NotificationState read_state(StateStore& from);
    void note_silences(const std::vector<std::string>& ids);
    void write_changes();
    void note_alerts(const std::vector<AlertPtr>& stored);
    void write_all_alerts();
    std::uint64_t number_records(const AlertNews& news);
    void write_soon();
    void write_whole(const char* table, StateStore::Write records);
    StateStore::Write all_silences() const;
    StateStore::Write all_entries() const;
    StateStore::Write all_alerts();
    StateStore::Write all_groups() const;
    void find_out_whether_kept();
    bool is_idle() const;
    void wait_for_idle(Timestamp until, std::function<void()> done);

    NotificationDoors doors_;
    NotificationOptions options_;
    NotificationMetrics metrics_;
    AlertStore store_;
    Silences silences_;
    NotificationLog log_;
    GroupContext context_;
    std::shared_ptr<const Routing> routing_;
    Dispatcher dispatcher_;
    Duration resolve_timeout_{300'000};
    std::vector<ReceiverView> receivers_;
    std::string masked_config_;
    StateStore* state_ = nullptr;
    // What is to be written at the end of the task that changed it, by the record's key.
    struct Changes {
        std::map<std::string, std::optional<std::string>> silences, groups;  // nothing: gone
        AlertNews alerts;
        bool will_be_written = false;

        bool is_empty() const { return silences.empty() && groups.empty() && alerts.empty(); }
    };
    Changes changes_;
    std::uint64_t alert_records_ = 0;    // of kAlertNewsTable, in this life: the number of the last one
    std::size_t alert_news_weight_ = 0;  // of those that are in the table
    bool retries_are_kept_ = false;      // since the drain began
    std::shared_ptr<int> alive_ = std::make_shared<int>();  // for tasks that outlive the service
};

}  // namespace tocsin
