#include "engine/store/fixture_feed.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/store/fixture.h"
#include "engine/store/fixture_stream.h"

namespace tocsin {
namespace {

// Some gigabytes of them.
constexpr std::uint64_t kSortedMax = 100'000'000;

/// A fixture that is in memory as a whole.
class WholeFixture final : public FixtureFeed {
public:
    WholeFixture(Fixture fixture, std::optional<std::string> cut_off, std::uint64_t bytes,
                 std::shared_ptr<FixtureColumns> columns)
        : fixture_(std::move(fixture)), columns_(std::move(columns)), player_(fixture_, *columns_) {
        facts_.cut_off = std::move(cut_off);
        facts_.went_back = fixture_.went_back();
        facts_.bytes_read = bytes;
    }

    Result<std::optional<Timestamp>> next() override { return player_.next(); }
    Status play(Timestamp until) override { return player_.play(until); }
    Facts facts() const override {
        Facts facts = facts_;
        for (const Fixture::Table& table : fixture_.tables()) {
            facts.series += table.series.size();
            for (const LabelSet& labels : table.series) {
                if (!columns_->store().series_wanted(labels)) facts.unused.push_back(labels);
            }
        }
        return facts;
    }

private:
    Fixture fixture_;
    std::shared_ptr<FixtureColumns> columns_;
    FixturePlayer player_;
    Facts facts_;
};

}  // namespace

Result<std::unique_ptr<FixtureFeed>> open_fixture_feed(Disk& disk, const std::string& path, const FixtureSurvey& survey,
                                                       Store& store) {
    return open_fixture_feed(disk, path, survey, std::make_shared<FixtureColumns>(store));
}

Result<std::unique_ptr<FixtureFeed>> open_fixture_feed(Disk& disk, const std::string& path, const FixtureSurvey& survey,
                                                       std::shared_ptr<FixtureColumns> columns) {
    if (!survey.first_out_of_order) return FixtureStream::open(disk, path, std::move(columns));
    if (survey.samples > kSortedMax) {
        return fail(Error::Kind::LimitExceeded,
                    fmt::format("{}:{}: from here on it is not in the order of time, and its {} samples are more than "
                                "can be sorted in memory ({}); sort it by time, or play a part of it",
                                path, *survey.first_out_of_order, survey.samples, kSortedMax));
    }
    std::optional<std::string> cut_off;
    TOCSIN_TRY(Fixture fixture, Fixture::read_what_is_there(disk, path, cut_off));
    return std::make_unique<WholeFixture>(std::move(fixture), std::move(cut_off), survey.bytes, std::move(columns));
}

// The one whose turn it is goes on until it is another one's.
Status play_together(const std::vector<FixtureFeed*>& feeds, Timestamp until) {
    for (;;) {
        FixtureFeed* soonest = nullptr;
        Timestamp first = Timestamp::max(), second = until;
        for (FixtureFeed* feed : feeds) {
            TOCSIN_TRY(const auto at, feed->next());
            if (!at || *at > until) continue;
            second = std::min(second, *at < first ? first : *at);
            if (*at >= first) continue;
            first = *at;
            soonest = feed;
        }
        if (soonest == nullptr) return {};
        if (Status status = soonest->play(second); !status) return status;
    }
}

}  // namespace tocsin
