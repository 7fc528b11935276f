package web

// LetWait lets another number of pushes wait than a service does.
func (s *Server) LetWait(pushes int) { s.api.pushes = newGate(1, pushes) }
