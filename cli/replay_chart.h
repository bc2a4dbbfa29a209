#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "cli/html.h"
#include "daemon/replay_history.h"

// The drawings of a replay's page. All of them lie over the same time axis, from the left edge of their column to its
// right edge, and stretch with it.

namespace tocsin::cli {

/// The window of a replay as positions and words.
class TimeAxis {
public:
    TimeAxis(Timestamp start, Timestamp end);

    /// From 0 at the start to 1 at the end; what is outside lies on the edge.
    double position(Timestamp at) const;
    /// `12.34%`.
    std::string percent(Timestamp at) const;
    /// `10:04:10`, and with its day in front where the window is longer than one.
    std::string clock(Timestamp at) const;

    struct Tick {
        Timestamp at;
        std::string text;
        bool is_minor;  // not written where there is little room
    };
    std::vector<Tick> ticks() const;

    Timestamp start() const { return start_; }
    Timestamp end() const { return end_; }

private:
    Timestamp start_, end_;
};

/// `1 Mar 2026`.
std::string day_text(Timestamp at);
/// A value as a person reads it: `1.25`, `12.3k`, `-4M`.
std::string short_number(double value);

void draw_axis(Html& html, const TimeAxis& axis);
/// `words`: what the drawing says, for those who do not see it.
void draw_lane(Html& html, const TimeAxis& axis, const std::vector<AlertStretch>& stretches, const std::string& words);
void draw_marks(Html& html, const TimeAxis& axis, const std::vector<ToldMark>& marks,
                const std::vector<ToldNotification>& notifications, const std::string& words);
void draw_values(Html& html, const TimeAxis& axis, const ValueCurvesView& values, std::size_t curves_max,
                 const std::string& words);

}  // namespace tocsin::cli
