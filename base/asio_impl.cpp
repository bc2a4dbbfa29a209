// The compiled part of Boost.Asio: BOOST_ASIO_SEPARATE_COMPILATION keeps it out of the files that use Asio.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
