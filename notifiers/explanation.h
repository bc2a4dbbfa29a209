#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "notifiers/alert_store.h"
#include "notifiers/dispatcher.h"

// Why somebody was told of an alert, or was not, and what comes next: what the store, the stages, the groups and the log
// know of it, put together when somebody asks.

namespace tocsin {

/// One route of an alert, and how it stands there.
struct ReceiverExplanation {
    enum class Place {
        Group,    // in a group of the route
        Leaving,  // in a group that its routes do not lead to since a reload, until its end was told
        None,     // in no group: it is over, or there are too many groups
    };

    std::string receiver;
    std::string route;  // Route::key
    std::string group_key;
    LabelSet group_labels;
    RouteOptions timers;  // and the rest of the route's options
    Place place = Place::None;
    bool has_flushed = false;                // the group
    std::optional<Timestamp> next_flush;     // of the group
    std::optional<Mute> time_mute;           // of the route
    std::optional<Timestamp> unmuted_at;     // none: not known
    std::vector<IntegrationExplanation> integrations;  // none: the receiver tells nobody
};

struct AlertExplanation {
    AlertPtr alert;
    bool firing = true;
    std::optional<Inhibitor::Inhibition> inhibition;
    std::vector<Silence> silences;  // active ones
    std::vector<ReceiverExplanation> receivers;
};

/// What becomes of an alert at an integration, in one word. The first that is true.
enum class Verdict {
    Sending,       // an attempt is under way
    Queued,        // a message with it waits for its turn
    Retrying,      // the last attempt failed, or the receiver asked for quiet; there will be another one
    Told,          // the integration knows how it stands
    Inhibited,     // by another alert
    Muted,         // its route is, by its times
    Silenced,      // by somebody
    Leaving,       // its routes lead elsewhere
    NotWanted,     // it ended, and the integration does not want to hear of ends
    Waiting,       // a flush will tell
    Unseen,        // it ended before a flush could tell
    NoGroup,       // it fires and is in no group
};
std::string_view to_string(Verdict verdict);

Verdict verdict_of(const AlertExplanation& alert, const ReceiverExplanation& receiver,
                   const IntegrationExplanation& integration);

/// Explains alerts at one instant; what it was made of must not change meanwhile.
class AlertExplainer {
public:
    AlertExplainer(const Routing& routing, const Dispatcher& dispatcher, const Silences& silences,
                   const NotificationLog& log, Timestamp now)
        : routing_(routing), dispatcher_(dispatcher), silences_(silences), log_(log), now_(now) {}

    AlertExplanation explain(const AlertPtr& alert);

private:
    const GroupOutlook& outlook_of(const AlertGroup& group);
    void add_time_mute(const Route& route, ReceiverExplanation& receiver);
    ReceiverExplanation explain_in(const AlertGroup& group, const StoredAlert& alert);
    ReceiverExplanation explain_without_group(const Route& route, const StoredAlert& alert);

    const Routing& routing_;
    const Dispatcher& dispatcher_;
    const Silences& silences_;
    const NotificationLog& log_;
    Timestamp now_;
    std::unordered_map<const AlertGroup*, GroupOutlook> outlooks_;
    std::unordered_map<const Route*, std::optional<Timestamp>> unmuted_at_;
};

}  // namespace tocsin
