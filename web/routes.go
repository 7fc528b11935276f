package web

import (
	"fmt"

	"plumbline/access"
	"plumbline/internal/period"
)

// route is one line of the table of routes.
type route struct {
	pattern string                                   // method and path, as net/http has them
	action  access.Action                            // what access is asked for
	about   func(q *request) (access.Subject, error) // whom or what it is about
	handle  func(q *request) error
	trail   bool       // reading it is written down
	long    bool       // it takes its turn among the long ones
	upload  bool       // files come with it
	papers  bool       // and they are papers: small
	api     *operation // of the API for programs; nil for pages
}

// Route tells of one route what the tests of access need.
type Route struct {
	Pattern string
	Action  access.Action
	Trail   bool
}

// Routes lists all routes.
func (s *Server) Routes() (list []Route) {
	for _, r := range s.routes {
		list = append(list, Route{r.pattern, r.action, r.trail})
	}
	return list
}

// table lists all routes of all rooms. A route that names no action which the table of access knows cannot be.
func (s *Server) table() (all []route) {
	for _, room := range [][]route{s.doorRoutes(), s.startRoutes(), s.ownRoutes(), s.boardRoutes(), s.accountRoutes(), s.operationRoutes(), s.noticeRoutes(), s.managerRoutes(), s.officeRoutes(), s.dataRoutes(), s.apiRoutes(), s.tokenRoutes()} {
		all = append(all, room...)
	}
	for _, r := range all {
		if !access.Known(r.action) || r.about == nil || r.handle == nil {
			panic(fmt.Sprintf("the route %s has no place in the table of access", r.pattern))
		}
	}
	return all
}

// nobody is the subject of routes that are about nobody in particular; the handler asks again for each thing that it shows.
func nobody(*request) (access.Subject, error) { return access.Subject{}, nil }

// self is the viewer, in the period of the path if it has one.
func self(q *request) (access.Subject, error) {
	if q.viewer.Employee == "" {
		return access.Subject{}, errNotFound
	}
	return access.Subject{Employee: q.viewer.Employee, Period: q.periodIfAny()}, nil
}

// person is the employee of the path, in the period of the path. One who is not there is found no more than one who may not be seen.
func person(q *request) (access.Subject, error) {
	no := q.r.PathValue("employee")
	if _, ok := q.seat.staff.Person(no); !ok {
		return access.Subject{}, errNotFound
	}
	p, err := q.period()
	return access.Subject{Employee: no, Department: q.r.PathValue("department"), Period: p}, err
}

// department is the department of the path, in the period of the path.
func department(q *request) (access.Subject, error) {
	id := q.r.PathValue("department")
	if _, ok := q.seat.staff.Department(id); !ok {
		return access.Subject{}, errNotFound
	}
	p, err := q.period()
	return access.Subject{Department: id, Period: p}, err
}

// ofPeriod is the period of the path and nobody in particular.
func ofPeriod(q *request) (access.Subject, error) {
	p, err := q.period()
	return access.Subject{Period: p}, err
}

func (q *request) periodIfAny() period.Period {
	p, _ := period.Parse(q.r.PathValue("period")) // none is zero
	return p
}
