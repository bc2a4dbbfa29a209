#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/matcher.h"
#include "engine/store/timeline.h"

namespace tocsin {

using SeriesNumber = std::uint32_t;

inline constexpr SeriesNumber kNoSeries = 0xffff'ffff;
inline constexpr TimelineId kNoTimeline = 0xffff'ffff;

/// Which series there are and where the samples of each one lie: label set <-> column of a timeline. Each label set is
/// there once. Numbers and ids of what is gone are used again.
class SeriesTable {
public:
    struct Series {
        LabelSet labels;
        TimelineId timeline = kNoTimeline;  // none: forgotten
        ColumnIndex column = 0;
    };
    struct Home {
        Home(Duration retention, std::uint64_t number) : timeline(retention), made(number) {}
        Timeline timeline;
        std::vector<SeriesNumber> series;  // by column
        std::uint64_t made;                // another number for each one
        std::uint64_t released = 0, moved = 0;
        std::uint64_t checked = 0;  // the selections for which its series are known to be wanted
    };

    SeriesTable();
    ~SeriesTable();

    TimelineId add_home(Duration retention);
    void remove_home(TimelineId id);
    Home& home(TimelineId id) { return *homes_[id]; }
    const Home& home(TimelineId id) const { return *homes_[id]; }
    bool has_home(TimelineId id) const { return id < homes_.size() && homes_[id] != nullptr; }
    /// All ids are below this.
    TimelineId homes_end() const { return static_cast<TimelineId>(homes_.size()); }

    std::optional<SeriesNumber> find(const LabelSet& labels) const;
    /// A label set that is not there yet, in a new column.
    SeriesNumber add(TimelineId id, const LabelSet& labels);
    const Series& operator[](SeriesNumber number) const { return series_[number]; }
    /// Null when no series has that number.
    const Series* find(SeriesNumber number) const;
    std::size_t size() const;

    /// Gives the series a new column in another timeline. The old one is released; copying samples is the caller's.
    void rehome(SeriesNumber number, TimelineId to);
    /// Squeezes the released columns out of a timeline.
    void squeeze(TimelineId id);

    /// Forgetting is done for many at once, in two steps, so that others can take them out of their lists in between.
    void release(SeriesNumber number);
    void erase_released(const std::vector<SeriesNumber>& numbers);

    /// Gives memory back when there were many more series than there are.
    void shrink();

    /// Those that match, by metric name, then in the order of their birth, until `visit` returns false.
    void for_each(const Matchers& matchers, const std::function<bool(SeriesNumber)>& visit) const;

    /// Those among which are all that match.
    std::vector<SeriesNumber> candidates(const Matchers& matchers) const;

    std::size_t bytes() const;

private:
    struct Identity;  // label set -> number, without a second copy of the labels

    ColumnIndex add_column(Home& home, SeriesNumber number);

    std::vector<std::unique_ptr<Home>> homes_;
    std::vector<TimelineId> free_homes_;
    std::uint64_t homes_made_ = 0;
    std::vector<Series> series_;
    std::vector<SeriesNumber> free_series_;  // a heap, the lowest on top, so that the end becomes free
    std::map<std::string, std::vector<SeriesNumber>, std::less<>> by_name_;
    std::size_t label_bytes_ = 0;
    std::unique_ptr<Identity> identity_;
};

}  // namespace tocsin
